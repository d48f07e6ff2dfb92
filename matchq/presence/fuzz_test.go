package presence

import (
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/internal/testkit"
)

func FuzzAbsentReply(f *testing.F) {
	for _, seed := range []string{
		"", "i1s\x00i0", "i1s1700000000000\x00i1snode\x00salice\x00sid\x00s\x00", "i1s\x00i2snode\x00", "i1sx\x00i\xff", "i1s5\x00i0salice\x00",
		"i1s-9223372036854775808\x00i0", "i1i1i0",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := decodeAbsence(testkit.Reply("presence/absent", data))
		if err == nil && (a.next > time.Hour || 3+len(a.dead)+3*len(a.players) != len(testkit.Values(data))) {
			t.Errorf("absence without an error: %+v", a)
		}
	})
}

func FuzzNodesReply(f *testing.F) {
	for _, seed := range []string{"", "sa\x00i1s2000\t1700000000000\t3\tv1\x00", "sa\x00i1sx\ty\tz\tv1\x00", "sa\x00i1s\x00", "sa\x00", "i1i1i1"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		nodes, err := decodeNodes(testkit.Reply("presence/nodes", data))
		if err == nil && 3*len(nodes) != len(testkit.Values(data)) {
			t.Errorf("nodes without an error: %+v", nodes)
		}
	})
}

func FuzzNodeInfo(f *testing.F) {
	f.Add("2000\t1700000000000\t3\tv1")
	f.Add("2000\tx\t-1\t")
	f.Add("\t\t\t\t")
	f.Add("2000\t1700000000000\t3\tv1\tits flags don't count")
	f.Fuzz(func(t *testing.T, text string) {
		var info, again NodeInfo
		info.parse(text)
		again.parse(info.text(time.Second))
		if strings.Count(text, "\t") >= 3 && (again.Version != info.Version || again.Connections != info.Connections || again.Note != "" && again.Note != info.Note) {
			t.Errorf("%+v became %+v", info, again)
		}
	})
}

func FuzzConnection(f *testing.F) {
	for _, seed := range []string{"0\ta\tc\tdata\twith tab", "1700000000000\ta\tc\t", "0\ta\tc", "", "\t\t\t"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		c := parseConnection("alice", value)
		if (c == nil) != (strings.Count(value, "\t") < 3) {
			t.Errorf("%q is %+v", value, c)
		}
		if c != nil && (c.Player != "alice" || !strings.HasSuffix(value, "\t"+c.Node+"\t"+c.ID+"\t"+c.Data) || c.Away == strings.HasPrefix(value, "0\t")) {
			t.Errorf("%q is %+v", value, c)
		}
	})
}

func FuzzPublishedMessage(f *testing.F) {
	for _, seed := range []string{
		"alice\t1-0\thello\tkey\t{}", "alice\t1-0\thello\t~own\t", "alice\t1-0\thello\tkey", "alice\tx\thello\tkey\t", "\t\t\t\t", "alice\t-\te\tk\t",
		"alice\t184467440737095516150-0\te\tk\t",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, payload string) {
		msg, err := publishedMessage(payload)
		if err != nil {
			return
		}
		if !isSeq(msg.Seq) || !strings.HasPrefix(payload, msg.Player+"\t"+msg.Seq+"\t"+msg.Event+"\t") || !strings.HasSuffix(payload, "\t"+string(msg.Data)) {
			t.Errorf("%q is %+v", payload, msg)
		}
		if seqAfter(msg.Seq, msg.Seq) || !seqAfter(msg.Seq, "") {
			t.Errorf("%q comes after itself, or not after nothing", msg.Seq)
		}
	})
}

// FuzzReceive checks that no message of the channel harms a node.
func FuzzReceive(f *testing.F) {
	for _, seed := range []string{"m\talice\t5-0\thello\tkey\t{}", "r\tb\talice\tc1", "r\ta\talice\tc1", "r", "s\tx", "", "m\t"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, payload string) {
		heard, replaced := 0, 0
		n := &Node{cfg: NodeConfig{ID: "a", OnReplaced: func(string, string) { replaced++ }}}
		n.table = newTable(time.Minute, time.Now, func(Message) { heard++ })
		a, err := n.table.attach("alice", "c1", "")
		if err != nil {
			t.Fatal(err)
		}
		n.table.connected(a, "1-0")
		n.receive(payload)
		if heard > 0 && !strings.HasPrefix(payload, "m\talice\t") || replaced > 0 && !strings.HasPrefix(payload, "r\t") {
			t.Errorf("%q: %d heard, %d replaced", payload, heard, replaced)
		}
	})
}
