package matchq_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// Players answer, cancel and stay silent at random while two nodes run: each ticket ends exactly once.
func TestReadyUnderLoad(t *testing.T) {
	t.Parallel()
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		cfg := matchq.Config{
			Interval: 10 * time.Millisecond, Limit: 32, Size: 3, TTL: 2 * time.Second, ReadyTimeout: 100 * time.Millisecond,
			Timeout: 10 * time.Second,
		}
		ctx, stop := context.WithCancel(t.Context())
		var running, playing sync.WaitGroup
		nodes := []*matchq.Matcher{newMatcher(t, env, cfg), newMatcher(t, env, cfg)}
		for _, node := range nodes {
			running.Go(func() {
				if err := node.Run(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		const players = 300
		ended := map[string]matchq.State{}
		patience, giveUp := context.WithTimeout(t.Context(), matchqtest.Patience)
		defer giveUp()
		playing.Go(func() {
			for ev, err := range nodes[0].Watch(patience, matchq.FromOldest) {
				if err != nil {
					t.Error(err)
					return
				}
				if ev.Kind == matchq.Proposed {
					for _, player := range ev.Match.Players() {
						playing.Go(func() { answerAtRandom(t, nodes[rand.IntN(2)], ev.Match.ID, player) })
					}
				}
				for _, ticket := range ev.Tickets() {
					if ev.Kind == matchq.Proposed || ev.Kind == matchq.Restored {
						continue
					}
					if ended[ticket.ID] != "" {
						t.Errorf("ticket %s ended as %s and as %s", ticket.ID, ended[ticket.ID], ev.Kind)
					}
					ended[ticket.ID] = ev.Kind
				}
				if len(ended) == players {
					return
				}
			}
		})
		for i := range players {
			enqueue(t, nodes[i%2], fmt.Sprintf("quiz-%d", i%3), fmt.Sprintf("p%d", i))
		}
		playing.Wait()
		stop()
		running.Wait()
		audit := checkAudit(t, nodes[0])
		if audit.Waiting != 0 || audit.Proposed != 0 || len(ended) != players {
			t.Errorf("%d ended; audit: %+v", len(ended), audit)
		}
	})
}

func answerAtRandom(t *testing.T, m *matchq.Matcher, match, player string) {
	var err error
	switch rand.IntN(12) {
	case 0:
		err = m.Decline(t.Context(), match, player)
	case 1:
		err = m.CancelPlayer(t.Context(), player)
	case 2: // silent
	default:
		_, err = m.Accept(t.Context(), match, player)
	}
	var matched *matchq.MatchedError
	if err != nil && !errors.Is(err, matchq.ErrReadyCheckFailed) && !errors.As(err, &matched) && !errors.Is(err, matchq.ErrExpired) {
		t.Errorf("answer: %v", err)
	}
}
