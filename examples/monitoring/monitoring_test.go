// Package monitoring checks the dashboard, the alerts and the containers of this folder against running servers.
package monitoring

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v2"
)

// TestNamesExist checks that nodes export all metrics that the dashboard and the alerts query.
func TestNamesExist(t *testing.T) {
	addrs := startNodes(t)
	play(t, 40, addrs)
	said := map[string]bool{"up": true, "ALERTS": true} // by Prometheus itself
	for line := range strings.SplitSeq(string(get(t, "http://"+addrs[0]+"/metrics")), "\n") {
		name, _, _ := strings.Cut(line, " ")
		name, _, _ = strings.Cut(name, "{")
		said[name] = true
	}
	asked := append(dashboardQueries(t), ruleQueries(t)...)
	if len(asked) < 30 {
		t.Fatalf("only %d queries were found", len(asked))
	}
	name := regexp.MustCompile(`\b(?:matchq|process|go|up|ALERTS)\w*\b`)
	for _, query := range asked {
		names := name.FindAllString(regexp.MustCompile(`"[^"]*"`).ReplaceAllString(query, ""), -1)
		if len(names) == 0 {
			t.Errorf("%s queries no metric", query)
		}
		for _, name := range names {
			if !said[name] {
				t.Errorf("%s queries %s, which no node exports", query, name)
			}
		}
	}
}

// dashboard is the part of the dashboard that tests read.
type dashboard struct {
	UID           string `json:"uid"`
	SchemaVersion int    `json:"schemaVersion"`
	Panels        []struct {
		ID      int            `json:"id"`
		GridPos map[string]int `json:"gridPos"`
		Targets []struct {
			Expr       string `json:"expr"`
			Datasource struct {
				UID string `json:"uid"`
			} `json:"datasource"`
		} `json:"targets"`
	} `json:"panels"`
	Annotations struct {
		List []struct {
			Expr string `json:"expr"`
		} `json:"list"`
	} `json:"annotations"`
}

// dashboardQueries are the queries of the dashboard, as Grafana sends them.
func dashboardQueries(t *testing.T) []string {
	t.Helper()
	var d dashboard
	if err := json.Unmarshal(read(t, "grafana/matchq.json"), &d); err != nil {
		t.Fatal(err)
	}
	if d.UID == "" || d.SchemaVersion < 41 {
		t.Errorf("the dashboard is %q, of schema %d", d.UID, d.SchemaVersion)
	}
	filled := strings.NewReplacer("$job", "matchq", "$__rate_interval", "20s")
	var queries []string
	seen := map[int]bool{}
	for _, panel := range d.Panels {
		if seen[panel.ID] || panel.GridPos["x"]+panel.GridPos["w"] > 24 {
			t.Errorf("panel %d is a duplicate, or beyond the edge", panel.ID)
		}
		seen[panel.ID] = true
		for _, target := range panel.Targets {
			if target.Datasource.UID != "${datasource}" {
				t.Errorf("panel %d queries %q", panel.ID, target.Datasource.UID)
			}
			queries = append(queries, filled.Replace(target.Expr))
		}
	}
	for _, annotation := range d.Annotations.List {
		if annotation.Expr != "" {
			queries = append(queries, filled.Replace(annotation.Expr))
		}
	}
	return queries
}

// rules is the part of rules.yml that tests read.
type rules struct {
	Groups []struct {
		Rules []struct {
			Alert       string            `yaml:"alert"`
			Expr        string            `yaml:"expr"`
			Labels      map[string]string `yaml:"labels"`
			Annotations map[string]string `yaml:"annotations"`
		} `yaml:"rules"`
	} `yaml:"groups"`
}

func ruleQueries(t *testing.T) []string {
	t.Helper()
	var r rules
	if err := yaml.Unmarshal(read(t, "rules.yml"), &r); err != nil {
		t.Fatal(err)
	}
	var queries, alerts []string
	for _, rule := range r.Groups[0].Rules {
		if rule.Labels["severity"] == "" || rule.Annotations["summary"] == "" || len(rule.Annotations["description"]) < 100 {
			t.Errorf("%s has no instructions", rule.Alert)
		}
		queries, alerts = append(queries, rule.Expr), append(alerts, rule.Alert)
	}
	readme, tests := string(read(t, "README.md")), string(read(t, "rules_test.yml"))
	for _, alert := range alerts {
		if !strings.Contains(readme, "`"+alert+"`") || !strings.Contains(tests, "alertname: "+alert) {
			t.Errorf("%s is not explained, or not tested", alert)
		}
	}
	slices.Sort(alerts)
	if len(slices.Compact(alerts)) != 7 {
		t.Errorf("the alerts are %v", alerts)
	}
	return queries
}
