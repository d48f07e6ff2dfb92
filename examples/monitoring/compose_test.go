package monitoring

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v2"
)

// compose is the part of compose.yaml that tests read.
type compose struct {
	Services map[string]struct {
		Build struct {
			Context    string `yaml:"context"`
			Dockerfile string `yaml:"dockerfile"`
		} `yaml:"build"`
		Image       string   `yaml:"image"`
		Command     []string `yaml:"command"`
		Ports       []string `yaml:"ports"`
		Volumes     []string `yaml:"volumes"`
		Healthcheck struct {
			Test []string `yaml:"test"`
		} `yaml:"healthcheck"`
	} `yaml:"services"`
	Volumes map[string]any `yaml:"volumes"`
}

func readCompose(t *testing.T) compose {
	t.Helper()
	var c compose
	if err := yaml.Unmarshal(read(t, "compose.yaml"), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestCompose checks that mounted files and build inputs exist, no port is open to other machines, and the server knows
// each flag.
func TestCompose(t *testing.T) {
	c := readCompose(t)
	help, err := exec.Command(program, "--help").Output()
	if err != nil {
		t.Fatal(err)
	}
	builds := 0
	for name, service := range c.Services {
		for _, port := range service.Ports {
			if !strings.HasPrefix(port, "127.0.0.1:") {
				t.Errorf("%s: others can reach %s", name, port)
			}
		}
		for _, volume := range service.Volumes {
			source, _, _ := strings.Cut(volume, ":")
			_, named := c.Volumes[source]
			if _, err := os.Stat(source); err != nil && !named {
				t.Errorf("%s: %v", name, err)
			}
		}
		if service.Build.Context != "" {
			builds++
			read(t, filepath.Join(service.Build.Context, service.Build.Dockerfile))
		} else if strings.HasPrefix(name, "node-") {
			if service.Image != c.Services["node-1"].Image {
				t.Errorf("%s has a different image", name)
			}
		} else if tag := regexp.MustCompile(`:v?\d+\.\d+`); !tag.MatchString(service.Image) {
			t.Errorf("%s: the image %q has no version", name, service.Image)
		}
		if strings.HasPrefix(name, "node-") {
			for _, arg := range append(service.Command, service.Healthcheck.Test...) {
				if strings.HasPrefix(arg, "--") && !strings.Contains(string(help), " "+arg) {
					t.Errorf("%s: the server does not know %s", name, arg)
				}
			}
		}
	}
	if builds != 1 { // Compose builds concurrently, and a second build of the same image fails
		t.Errorf("there are %d builds", builds)
	}
	if config := string(read(t, "prometheus.yml")); !strings.Contains(config, `["node-1:4000", "node-2:4000"]`) {
		t.Errorf("Prometheus has other targets: %s", config)
	}
}
