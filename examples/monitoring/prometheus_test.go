package monitoring

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// TestPromtool checks that Prometheus accepts the files, and that the alerts pass their tests.
func TestPromtool(t *testing.T) {
	if _, err := exec.LookPath("promtool"); err != nil {
		require(t, "MATCHQ_REQUIRE_PROMETHEUS", "promtool")
	}
	for _, args := range [][]string{
		{"check", "config", "prometheus.yml"}, {"check", "rules", "rules.yml"}, {"test", "rules", "rules_test.yml"},
	} {
		if output, err := exec.Command("promtool", args...).CombinedOutput(); err != nil {
			t.Errorf("promtool %v: %v\n%s", args, err, output)
		}
	}
}

// TestPrometheus checks that a real Prometheus reaches both nodes, adds up their metrics, and answers all queries of the
// dashboard.
func TestPrometheus(t *testing.T) {
	if _, err := exec.LookPath("prometheus"); err != nil {
		require(t, "MATCHQ_REQUIRE_PROMETHEUS", "prometheus")
	}
	addrs := startNodes(t)
	p := startPrometheus(t, addrs)
	matchqtest.Eventually(t, "both nodes are up", func() bool { return p.value(`sum(up{job="matchq"})`) == "2" })
	const players = 60
	play(t, players, addrs)
	matchqtest.Eventually(t, "everybody was counted", func() bool {
		return p.value("sum(matchq_tickets_enqueued_total)") == fmt.Sprint(players)
	})
	for _, query := range []string{
		`sum(matchq_tickets_finished_total) + max(sum by (instance) (matchq_queue_waiting))`,
		`sum(matchq_ticket_wait_seconds_count) + max(sum by (instance) (matchq_queue_waiting))`,
		`2 * sum(matchq_matches_total) + sum(matchq_tickets_finished_total{outcome!="matched"}) + max(sum by (instance) (matchq_queue_waiting))`,
	} {
		matchqtest.Eventually(t, query, func() bool { return p.value(query) == fmt.Sprint(players) })
	}
	var alerts struct {
		Data struct {
			Groups []struct {
				Rules []struct{ Name, Health, State string }
			}
		}
	}
	matchqtest.Eventually(t, "all alerts are looked at, and none fires", func() bool {
		if err := json.Unmarshal(get(t, p.url+"/api/v1/rules"), &alerts); err != nil {
			t.Fatal(err)
		}
		healthy := 0
		for _, rule := range alerts.Data.Groups[0].Rules {
			if rule.Health == "ok" && rule.State == "inactive" {
				healthy++
			}
		}
		return healthy == len(ruleQueries(t))
	})
	for _, query := range dashboardQueries(t) {
		if strings.HasPrefix(query, "ALERTS") {
			continue // none fires
		}
		matchqtest.Eventually(t, query+" has an answer", func() bool { return p.value(query) != "" })
	}
}

// prometheus is a running Prometheus.
type prometheus struct {
	t   *testing.T
	url string
}

// startPrometheus starts a Prometheus with prometheus.yml, but other targets and a shorter scrape interval.
func startPrometheus(t *testing.T, addrs []string) prometheus {
	t.Helper()
	folder, addr := t.TempDir(), matchqtest.FreeAddr(t)
	config := strings.NewReplacer(
		`"node-1:4000", "node-2:4000"`, `"`+strings.Join(addrs, `", "`)+`"`, "_interval: 5s", "_interval: 500ms", "scrape_timeout: 3s", "scrape_timeout: 500ms",
	).Replace(string(read(t, "prometheus.yml")))
	for name, data := range map[string][]byte{"prometheus.yml": []byte(config), "rules.yml": read(t, "rules.yml")} {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var log bytes.Buffer
	process := exec.Command("prometheus", "--config.file="+filepath.Join(folder, "prometheus.yml"),
		"--storage.tsdb.path="+filepath.Join(folder, "data"), "--web.listen-address="+addr)
	process.Stdout, process.Stderr = &log, &log
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = process.Process.Signal(syscall.SIGTERM)
		_ = process.Wait()
		if t.Failed() {
			t.Logf("Prometheus said:\n%s", &log)
		}
	})
	url := "http://" + addr
	matchqtest.Eventually(t, "Prometheus is ready", func() bool {
		answer, err := http.Get(url + "/-/ready")
		if err != nil {
			return false
		}
		defer answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	})
	return prometheus{t, url}
}

// value returns the first value of a query's result; "" if there is none.
func (p prometheus) value(query string) string {
	p.t.Helper()
	answer, err := http.PostForm(p.url+"/api/v1/query", map[string][]string{"query": {query}})
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close()
	var found struct {
		Status, Error string
		Data          struct{ Result []struct{ Value [2]any } }
	}
	if err := json.NewDecoder(answer.Body).Decode(&found); err != nil || found.Status != "success" {
		p.t.Fatalf("%s: %s %v", query, found.Error, err)
	}
	if len(found.Data.Result) == 0 {
		return ""
	}
	return fmt.Sprint(found.Data.Result[0].Value[1])
}
