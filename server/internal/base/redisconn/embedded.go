package redisconn

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// embedded starts a Redis in this process. No other process can reach it: miniredis believes all that it reads, and a
// few bytes of a stranger would end the server, with or without a password.
func embedded() (*Conn, error) {
	server := miniredis.NewMiniRedis()
	server.ClockTTL(true)       // otherwise keys never expire, and rate limits need that
	first, err := server.Dial() // starts it without a port
	if err != nil {
		return nil, fmt.Errorf("embedded redis: %w", err)
	}
	_ = first.Close()
	peers := server.Server()
	client := redis.NewClient(&redis.Options{ContextTimeoutEnabled: true, Dialer: func(ctx context.Context, _, _ string) (net.Conn, error) {
		ours, its, err := connect(ctx)
		if err != nil {
			return nil, fmt.Errorf("embedded redis: %w", err)
		}
		peers.ServeConn(its)
		return ours, nil
	}})
	return &Conn{UniversalClient: client, server: server}, nil
}

const connectTimeout = 5 * time.Second

// connect makes the two ends of a connection. Its port is open only meanwhile, and only for this process. miniredis's own
// pipes have no buffer: a pipeline longer than one read of it would wait for ever.
func connect(ctx context.Context) (ours, its net.Conn, err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = listener.Close() }()
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	ours, err = (&net.Dialer{}).DialContext(ctx, "tcp", listener.Addr().String())
	if err != nil {
		return nil, nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = listener.Close() })
	defer stop()
	its, err = accept(listener, ours.LocalAddr())
	if err != nil {
		_ = ours.Close()
		return nil, nil, errors.Join(err, ctx.Err())
	}
	return ours, its, nil
}

// accept waits for the connection of an address and closes those of strangers.
func accept(listener net.Listener, from net.Addr) (net.Conn, error) {
	for {
		conn, err := listener.Accept()
		if err != nil || conn.RemoteAddr().String() == from.String() {
			return conn, err
		}
		_ = conn.Close()
	}
}
