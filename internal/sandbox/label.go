package sandbox

import "strings"

// dimensions are those of the target group that a resource label names: "app/NAME/ID/targetgroup/NAME/ID".
func dimensions(label string) (map[string]string, bool) {
	i := strings.Index(label, "/targetgroup/")
	if i < 0 {
		return nil, false
	}
	return map[string]string{"LoadBalancer": label[:i], "TargetGroup": label[i+1:]}, true
}
