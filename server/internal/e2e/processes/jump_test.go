package processes_test

import (
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// shiftedClock is a library that has a program see another time: that of the machine and the seconds in a file.
const shiftedClock = `
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *shift;

__attribute__((constructor)) static void find(void) {
	int f = open(getenv("MATCHQ_TEST_CLOCK"), O_RDONLY);
	shift = mmap(0, sizeof *shift, PROT_READ, MAP_SHARED, f, 0);
	if (shift == MAP_FAILED) abort();
}

int clock_gettime(clockid_t clock, struct timespec *t) {
	int failed = syscall(SYS_clock_gettime, clock, t);
	if (!failed && shift && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) t->tv_sec += *shift;
	return failed;
}

int gettimeofday(struct timeval *t, void *zone) {
	struct timespec now;
	int failed = clock_gettime(CLOCK_REALTIME, &now);
	t->tv_sec = now.tv_sec;
	t->tv_usec = now.tv_nsec / 1000;
	return failed;
}

time_t time(time_t *t) {
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	if (t) *t = now.tv_sec;
	return now.tv_sec;
}
`

var jumps = []time.Duration{
	3 * time.Second, -3 * time.Second, 10 * time.Second, -10 * time.Second, 30 * time.Second, -30 * time.Second, time.Minute, -time.Minute,
	10 * time.Minute, -10 * time.Minute, time.Hour, -time.Hour, 30 * time.Minute,
}

// clockJumps starts a Redis whose clock is set, while it runs, by each of jumps in turn.
func clockJumps(t *testing.T) site {
	t.Helper()
	dir := t.TempDir()
	source, library, file := filepath.Join(dir, "clock.c"), filepath.Join(dir, "clock.so"), filepath.Join(dir, "clock")
	shift := make([]byte, 8)
	write := func() error { // in place: Redis has mapped the file
		f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE, 0o600)
		if err != nil {
			return err
		}
		_, err = f.Write(shift)
		return errors.Join(err, f.Close())
	}
	if err := errors.Join(os.WriteFile(source, []byte(shiftedClock), 0o600), write()); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("gcc", "-shared", "-fPIC", "-o", library, source).CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v: %s", err, out)
	}
	t.Setenv("MATCHQ_TEST_CLOCK", file)
	t.Setenv("LD_PRELOAD", library)
	var now time.Duration
	s := alone(func(c *crowd, server *matchqtest.Server, round int) {
		now += jumps[round%len(jumps)]
		binary.NativeEndian.PutUint64(shift, uint64(now/time.Second))
		if err := write(); err != nil {
			c.t.Error(err)
		}
		before := time.Now()
		seen, err := server.Client(c.t).Time(c.ctx).Result()
		after := time.Now() // a busy machine may have taken long
		if early, late := before.Sub(seen)+now, seen.Sub(after)-now; err != nil || max(early, late) > time.Second {
			c.t.Errorf("Redis's clock is off by %v, %v", max(early, late), err)
		}
	})(t)
	t.Setenv("LD_PRELOAD", "")
	return s
}
