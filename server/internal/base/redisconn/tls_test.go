package redisconn

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// certFile and keyFile are the certificate of 127.0.0.1 that the system trusts in these tests, and its key.
var certFile, keyFile string

// TestMain makes the certificate. The system's authorities are read once a process, so it can't be a test's own.
func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "redisconn-")
		if err == nil {
			defer func() { _ = os.RemoveAll(dir) }()
			certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
			err = writeCertificate()
		}
		if err == nil {
			err = os.Setenv("SSL_CERT_FILE", certFile)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}())
}

func writeCertificate() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	for name, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: cert}, keyFile: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// tlsSettings are the settings of a server that also listens with TLS, at addr.
func tlsSettings(t *testing.T) (addr string, settings [][2]string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return listener.Addr().String(), [][2]string{
		{"tls-port", port}, {"tls-cert-file", certFile}, {"tls-key-file", keyFile}, {"tls-ca-cert-file", certFile},
		{"tls-auth-clients", "no"}, {"tls-replication", "yes"}, {"tls-cluster", "yes"},
	}
}

// startTLS starts a redis-server that also listens with TLS, and returns that address.
func startTLS(t *testing.T, args ...string) (addr string, server *matchqtest.Server) {
	t.Helper()
	addr, settings := tlsSettings(t)
	for _, s := range settings {
		args = append(args, "--"+s[0], s[1])
	}
	return addr, matchqtest.Start(t, args...)
}

func TestTLS(t *testing.T) {
	t.Parallel()
	for scheme, start := range map[string]func(t *testing.T) (hosts string){
		"rediss": func(t *testing.T) string {
			addr, _ := startTLS(t)
			return addr
		},
		"rediss+cluster": func(t *testing.T) string {
			addr, server := startTLS(t, "--cluster-enabled", "yes", "--cluster-announce-ip", "127.0.0.1")
			if err := server.Client(t).ClusterAddSlotsRange(t.Context(), 0, 16383).Err(); err != nil {
				t.Fatal(err)
			}
			return addr
		},
		"rediss+sentinel": func(t *testing.T) string {
			master, _ := startTLS(t)
			addr, settings := tlsSettings(t)
			var config strings.Builder
			for _, s := range settings {
				fmt.Fprintln(&config, s[0], s[1])
			}
			fmt.Fprintln(&config, "sentinel monitor main", strings.Replace(master, ":", " ", 1), 1)
			name := filepath.Join(t.TempDir(), "sentinel.conf")
			if err := os.WriteFile(name, []byte(config.String()), 0o600); err != nil {
				t.Fatal(err)
			}
			matchqtest.StartSentinel(t, name)
			return addr + "/main"
		},
	} {
		t.Run(scheme, func(t *testing.T) {
			hosts := start(t)
			client, err := newClient(scheme + "://" + hosts)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = client.Close() }()
			matchqtest.Eventually(t, "it works", func() bool { return client.Set(t.Context(), "k", "v", 0).Err() == nil })
			if encrypted := encryptedConnections(t, client); encrypted == 0 {
				t.Error("the connection has no TLS")
			}
			plain := strings.Replace(scheme, "rediss", "redis", 1)
			if _, err := Open(t.Context(), plain+"://"+hosts); err == nil {
				t.Errorf("%s works on the same port", plain)
			}
			if _, err := Open(t.Context(), scheme+"://"+strings.Replace(hosts, "127.0.0.1", "localhost", 1)); err == nil {
				t.Error("a certificate of another name is believed")
			}
		})
	}
}

// encryptedConnections is how many connections of the client's node came by its TLS port.
func encryptedConnections(t *testing.T, client redis.UniversalClient) int {
	t.Helper()
	config, err := client.ConfigGet(t.Context(), "tls-port").Result()
	if err != nil {
		t.Fatal(err)
	}
	list, err := client.Do(t.Context(), "CLIENT", "LIST").Text()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(list, "laddr=127.0.0.1:"+config["tls-port"]+" ")
}
