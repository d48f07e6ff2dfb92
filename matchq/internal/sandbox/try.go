package sandbox

import (
	"context"
	"strings"

	"github.com/matchq/matchq/matchq/internal/space"
)

var tryScript = space.Bind[tryArgs]("match/try_policy")

type tryArgs struct {
	NowMS  int64  `lua:"now_ms"`
	Size   int    `lua:"size"`
	Policy string `lua:"policy"`
	Source string `lua:"source"`
	Names  string `lua:"names"`
	Rows   []Row  `lua:"row"`
}

// Row is a waiting ticket: its id and its record.
type Row struct {
	ID     string `lua:"id"`
	Record string `lua:"record"`
}

// Tried is the result of a policy for a batch.
type Tried struct {
	Steps     int
	Warnings  []Warning
	Positions []int          // from 0, in the order of the matches
	Data      map[int]string // JSON by the number of a match, from 0
}

// Try lets a policy group tickets that stand nowhere. fault is how it failed.
func Try(ctx context.Context, in *space.Space, name string, c Compiled, nowMS int64, size int, rows []Row) (t Tried, fault *Error, err error) {
	r, err := tryScript.Call(ctx, in, tryArgs{
		NowMS: nowMS, Size: size, Policy: name, Source: c.Source, Names: strings.Join(c.Names, " "), Rows: rows,
	})
	if err != nil {
		return Tried{}, nil, err
	}
	t = Tried{Steps: int(r.Number()), Warnings: c.Warnings, Data: map[int]string{}}
	if problem := r.Text(); problem != "" {
		fault = Failed(name, "", problem)
	}
	warnings, positions, data := r.List(), r.List(), r.List()
	for warnings.More() {
		t.Warnings = append(t.Warnings, Warning{Line: int(warnings.Number()), Text: warnings.Text()})
	}
	for positions.More() {
		t.Positions = append(t.Positions, positions.Index(len(rows)))
	}
	for data.More() {
		nth := data.Index(len(rows))
		t.Data[nth] = data.Text()
	}
	for _, list := range []*space.Reply{warnings, positions, data} {
		r.Done(list)
	}
	return t, fault, r.Err
}
