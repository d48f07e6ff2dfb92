// Package deploy has files for deployments, and the tests that hold them against the server.
package deploy

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v2"
)

// TestSettingsExist holds every flag and every variable that a file names against the server's own help.
func TestSettingsExist(t *testing.T) {
	help, err := exec.Command("go", "run", "../../server", "--help").Output()
	if err != nil {
		t.Fatal(err)
	}
	setting := regexp.MustCompile(`MATCHQ_[A-Z_]+|"(--[a-z-]+)"`)
	var seen []string
	for _, name := range files(t) {
		for _, match := range setting.FindAllStringSubmatch(read(t, name), -1) {
			known := match[0]
			if match[1] != "" {
				known = match[1]
			}
			if seen = append(seen, known); !regexp.MustCompile(regexp.QuoteMeta(known)+`\b`).Match(help) && !slices.Contains(ofRedis, known) {
				t.Errorf("%s: the server does not know %s", name, known)
			}
		}
	}
	for _, needed := range []string{"MATCHQ_ADDR", "MATCHQ_REDIS", "MATCHQ_JWT_SECRET", "--healthcheck", "--insecure"} {
		if !slices.Contains(seen, needed) {
			t.Errorf("no file has %s", needed)
		}
	}
}

// ofRedis are the flags of redis-server in compose.yaml.
var ofRedis = []string{"--appendonly", "--maxmemory-policy"}

// TestComposeIsOnLoopback: its node believes everybody.
func TestComposeIsOnLoopback(t *testing.T) {
	var compose struct {
		Services map[string]struct {
			Ports []string `yaml:"ports"`
			Build struct {
				Context, Dockerfile string
			} `yaml:"build"`
		} `yaml:"services"`
	}
	if err := yaml.Unmarshal([]byte(read(t, "compose.yaml")), &compose); err != nil {
		t.Fatal(err)
	}
	node := compose.Services["matchq"]
	if len(node.Ports) != 1 || !strings.HasPrefix(node.Ports[0], "127.0.0.1:") || len(compose.Services["redis"].Ports) > 0 {
		t.Errorf("others can reach %v", compose.Services)
	}
	read(t, filepath.Join(node.Build.Context, node.Build.Dockerfile))
}

func files(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, pattern := range []string{"Dockerfile", "*.yaml", "*.service", "README.md", "helm/*.yaml", "helm/templates/*.yaml"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		names = append(names, found...)
	}
	return names
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
