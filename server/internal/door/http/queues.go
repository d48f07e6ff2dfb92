package httpdoor

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/blob"
	"github.com/matchq/matchq/server/internal/base/queuecache"
	"github.com/matchq/matchq/server/internal/base/wire"
)

// maxPage is the number of queues in an answer, and its default.
const maxPage = 1000

// queueList has all queues as JSON objects that commas follow, so that a page is a part of it.
type queueList struct {
	body []byte
	ends []int // of each object, with its comma
}

type (
	listKey struct{}
	pageKey struct{ first int }
)

func encodeList(queues []matchq.Queue) *queueList {
	l := &queueList{ends: make([]int, len(queues))}
	for i := range queues {
		l.body = append(append(l.body, wire.Encode(viewQueue(&queues[i]))...), ',')
		l.ends[i] = len(l.body)
	}
	return l
}

// page returns the parts of an answer with the queues from first up to last.
func (l *queueList) page(queues []matchq.Queue, first, last int) [][]byte {
	end := []byte("]}")
	if last < len(queues) {
		end = slices.Concat([]byte(`],"next":`), wire.Encode(queues[last-1].Name), []byte("}"))
	}
	if first == last {
		return [][]byte{[]byte(`{"queues":[`), end}
	}
	from := 0
	if first > 0 {
		from = l.ends[first-1]
	}
	return [][]byte{[]byte(`{"queues":[`), l.body[from : l.ends[last-1]-1], end}
}

// getQueues answers with a page of the queues. The pages that next links to are compressed too, each once.
func (a *API) getQueues(c echo.Context) error {
	limit, err := pageLimit(c)
	if err != nil {
		return err
	}
	now, err := a.Queues.Now(c.Request().Context())
	if err != nil {
		return err
	}
	first, found := slices.BinarySearchFunc(now.Queues, c.QueryParam("after"), func(q matchq.Queue, name string) int { return cmp.Compare(q.Name, name) })
	if found {
		first++
	}
	last := min(first+limit, len(now.Queues))
	parts := queuecache.Derive(now, listKey{}, encodeList).page(now.Queues, first, last)
	if limit == maxPage && first%maxPage == 0 {
		queuecache.Derive(now, pageKey{first}, func([]matchq.Queue) *blob.Blob {
			return blob.New(echo.MIMEApplicationJSON, slices.Concat(parts...))
		}).Serve(c.Response(), c.Request())
		return nil
	}
	return writeParts(c, parts)
}

// writeParts writes an answer without copying its parts.
func writeParts(c echo.Context, parts [][]byte) error {
	length := 0
	for _, part := range parts {
		length += len(part)
	}
	h := c.Response().Header()
	h.Set("Content-Type", echo.MIMEApplicationJSON)
	h.Set("Content-Length", strconv.Itoa(length))
	c.Response().WriteHeader(http.StatusOK)
	for _, part := range parts {
		if _, err := c.Response().Write(part); err != nil {
			return nil //nolint:nilerr // the client has gone
		}
	}
	return nil
}

func pageLimit(c echo.Context) (int, error) {
	text := c.QueryParam("limit")
	if text == "" {
		return maxPage, nil
	}
	limit, err := strconv.Atoi(text)
	if err != nil || limit < 1 || limit > maxPage {
		return 0, wire.Errorf(wire.CodeInvalid, "limit must be from 1 to %d", maxPage)
	}
	return limit, nil
}
