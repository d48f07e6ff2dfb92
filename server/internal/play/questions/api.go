package questions

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
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
// are no questions. A time-out, a broken connection and a 5xx are failures. Any other answer without good questions says
// something about one questionnaire: that one counts as unknown for a while.
type API struct {
	base    string
	client  *http.Client
	circuit *gobreaker.CircuitBreaker[[]Question]
	bad     *badSets
	log     *slog.Logger
	failure atomic.Pointer[error] // the last one
}

// errNotNow is an answer that asks for another try: 408, 425 or 429.
var errNotNow = errors.New("the service asks to try again")

// newAPI makes an API of its base URL.
func newAPI(base string, log *slog.Logger) (*API, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("the questions' API must be a URL such as https://quiz.example/api, not %q", base)
	}
	a := &API{
		base:   strings.TrimRight(base, "/"),
		client: &http.Client{Timeout: apiTimeout, Transport: sameHost{http.DefaultTransport}, CheckRedirect: limitRedirects},
		bad:    newBadSets(log),
		log:    log,
	}
	a.circuit = gobreaker.NewCircuitBreaker[[]Question](gobreaker.Settings{
		Timeout:       apiPause,
		ReadyToTrip:   func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= apiFailures },
		IsSuccessful:  func(err error) bool { return err == nil || isAnswer(err) },
		IsExcluded:    func(err error) bool { return errors.Is(err, context.Canceled) }, // we gave up ourselves
		OnStateChange: a.logState,
	})
	return a, nil
}

// isAnswer reports whether the service has answered, though without questions.
func isAnswer(err error) bool {
	_, about := errors.AsType[*badSetError](err)
	return about || errors.Is(err, errNotNow)
}

// logState logs when requests stop, and when the service answers again.
func (a *API) logState(_ string, from, to gobreaker.State) {
	switch {
	case to == gobreaker.StateClosed:
		a.log.Info("the questions' API answers again")
	case from == gobreaker.StateClosed:
		a.log.Error("the questions' API fails: until it answers it gets one request every "+apiPause.String(), "error", *a.failure.Load())
	}
}

// Preview is 0: the service's answer is not known in advance.
func (a *API) Preview(string) int { return 0 }

// List is empty: the service has no call for it.
func (a *API) List() []SetInfo { return []SetInfo{} }

// Questions requests n questions. The service chooses them.
func (a *API) Questions(ctx context.Context, set, _ string, n int) ([]Question, error) {
	if a.bad.has(set) {
		return nil, errUnknownSet(set)
	}
	questions, err := a.circuit.Execute(func() ([]Question, error) {
		questions, err := a.get(ctx, set, n)
		if err != nil && !isAnswer(err) {
			a.failure.Store(&err)
		}
		return questions, err
	})
	bad, about := errors.AsType[*badSetError](err)
	switch {
	case err == nil:
		return questions[:min(n, len(questions))], nil
	case about:
		a.bad.add(set, bad)
		return nil, errUnknownSet(set)
	case errors.Is(err, gobreaker.ErrOpenState), errors.Is(err, gobreaker.ErrTooManyRequests):
		return nil, wire.QuestionsError(err, apiPause)
	case errors.Is(err, errNotNow):
		a.bad.report(set, err.Error())
		return nil, wire.QuestionsError(err, time.Second)
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
	defer func() { _ = response.Body.Close() }()
	if err := checkStatus(response); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return nil, err
	}
	return decodeAnswer(data)
}

// checkStatus returns an error unless the answer has questions. All but 5xx are about the questionnaire.
func checkStatus(response *http.Response) error {
	switch code := response.StatusCode; {
	case code == http.StatusOK:
		return nil
	case code >= http.StatusInternalServerError:
		return fmt.Errorf("the answer is %s", response.Status)
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests:
		return fmt.Errorf("%w: the answer is %s", errNotNow, response.Status)
	case code == http.StatusNotFound:
		return &badSetError{} // it needs no line in the log
	default:
		return &badSetError{"the answer is " + response.Status + refusedRedirect(response)}
	}
}

func decodeAnswer(data []byte) ([]Question, error) {
	if len(data) > maxAnswer {
		return nil, &badSetError{fmt.Sprintf("the answer has more than %d bytes", maxAnswer)}
	}
	var body struct {
		Questions []item `json:"questions"`
	}
	if err := wire.DecodeLenient(data, &body); err != nil {
		return nil, &badSetError{"the answer is no JSON as expected: " + err.Error()}
	}
	questions, err := list(body.Questions)
	if err != nil {
		return nil, &badSetError{err.Error()}
	}
	return questions, nil
}
