package questions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/matchq/matchq/server/internal/base/wire"
)

const (
	apiTimeout  = 2 * time.Second // of a request
	apiPause    = 5 * time.Second // without requests, after apiFailures in a row
	apiFailures = 3
	maxAnswer   = 1 << 20
)

// API gets questions from a REST service:
//
//	GET {base}/questionaires/{id}/questions?limit=N
//	200 {"questions": [{"id": "q1", "text": "…", "choices": ["…", "…"], "answer": 0}]}
//	404 for an unknown questionnaire
//
// After three failures in a row the service gets no request for five seconds. Meanwhile players hear at once that there
// are no questions.
type API struct {
	base    string
	client  *http.Client
	circuit *gobreaker.CircuitBreaker[[]Question]
}

// errUnknown is a 404 of the service.
var errUnknown = errors.New("unknown questionnaire")

// NewAPI makes an API of its base URL.
func NewAPI(base string) (*API, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("the questions' API must be a URL such as https://quiz.example/api, not %q", base)
	}
	return &API{
		base:   strings.TrimRight(base, "/"),
		client: &http.Client{Timeout: apiTimeout},
		circuit: gobreaker.NewCircuitBreaker[[]Question](gobreaker.Settings{
			Timeout:      apiPause,
			ReadyToTrip:  func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= apiFailures },
			IsSuccessful: func(err error) bool { return err == nil || errors.Is(err, errUnknown) },
			IsExcluded:   func(err error) bool { return errors.Is(err, context.Canceled) }, // we gave up ourselves
		}),
	}, nil
}

// Preview is 0: the service's answer is not known in advance.
func (a *API) Preview(string) int { return 0 }

// List is empty: the service has no call for it.
func (a *API) List() []SetInfo { return []SetInfo{} }

// Questions requests n questions. The service chooses them.
func (a *API) Questions(ctx context.Context, set, _ string, n int) ([]Question, error) {
	questions, err := a.circuit.Execute(func() ([]Question, error) { return a.get(ctx, set, n) })
	switch {
	case err == nil:
		return questions[:min(n, len(questions))], nil
	case errors.Is(err, errUnknown):
		return nil, errUnknownSet(set)
	case errors.Is(err, gobreaker.ErrOpenState), errors.Is(err, gobreaker.ErrTooManyRequests):
		return nil, wire.QuestionsError(err, apiPause)
	default:
		return nil, wire.QuestionsError(err, time.Second)
	}
}

func (a *API) get(ctx context.Context, set string, n int) ([]Question, error) {
	address := a.base + "/questionaires/" + url.PathEscape(set) + "/questions?limit=" + strconv.Itoa(n)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	response, err := a.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, err
	case response.StatusCode == http.StatusNotFound:
		return nil, errUnknown
	case response.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("%s answered %s", request.URL.Redacted(), response.Status)
	case len(data) > maxAnswer:
		return nil, fmt.Errorf("%s answered more than %d bytes", request.URL.Redacted(), maxAnswer)
	}
	var body struct {
		Questions []item `json:"questions"`
	}
	if err := json.Unmarshal(data, &body); err != nil {
		return nil, fmt.Errorf("%s: %w", request.URL.Redacted(), err)
	}
	questions, err := list(body.Questions)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", request.URL.Redacted(), err)
	}
	return questions, nil
}
