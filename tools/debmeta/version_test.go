package main

import (
	"testing"
	"time"
)

func TestVersion(t *testing.T) {
	day := about{date: time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)}
	for source, want := range map[string]string{
		"v1.2.3":                     "1.2.3",
		"1.2.3":                      "1.2.3",
		"v1.2.3-rc.1":                "1.2.3~rc.1",
		"v1.2.3-7-g61fe829":          "1.2.3+7.g61fe829",
		"v1.2.3-dirty":               "1.2.3+dirty",
		"v1.2.3-rc.1-7-g61fe829":     "1.2.3~rc.1+7.g61fe829",
		"v1.2.3-7-g61fe829-dirty":    "1.2.3+7.g61fe829+dirty",
		"61fe829":                    "0.0.0~git20261121.61fe829",
		"deadbee-dirty":              "0.0.0~git20261121.deadbee+dirty",
		"dev":                        "0.0.0~dev",
		"v1.2":                       "",
		"v1.2.3; rm -rf /":           "",
		"":                           "",
		"release-candidate-of-today": "",
	} {
		got, err := debianVersion(source, day)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("version of %q is %q (%v), want %q", source, got, err, want)
		}
	}
}
