package wire

import (
	"net/http"
	"net/url"
	"strings"
)

// route is how an operation is called over HTTP.
type route struct {
	method string
	path   string            // with the input's fields in braces, below the API's version
	query  map[string]string // field of the input → name in the query
	status int               // of success
}

// routes are the operations of Route 53.
var routes = map[string]route{
	"ChangeResourceRecordSets": {"POST", "hostedzone/{HostedZoneId}/rrset", nil, 200},
	"ChangeTagsForResource":    {"POST", "tags/{ResourceType}/{ResourceId}", nil, 200},
	"CreateHealthCheck":        {"POST", "healthcheck", nil, 201},
	"CreateHostedZone":         {"POST", "hostedzone", nil, 201},
	"DeleteHostedZone":         {"DELETE", "hostedzone/{Id}", nil, 200},
	"GetChange":                {"GET", "change/{Id}", nil, 200},
	"GetHealthCheckStatus":     {"GET", "healthcheck/{HealthCheckId}/status", nil, 200},
	"GetHostedZone":            {"GET", "hostedzone/{Id}", nil, 200},
	"ListHostedZones": {"GET", "hostedzone", map[string]string{
		"Marker": "marker", "MaxItems": "maxitems", "DelegationSetId": "delegationsetid", "HostedZoneType": "hostedzonetype",
	}, 200},
	"ListHostedZonesByName": {"GET", "hostedzonesbyname", map[string]string{
		"DNSName": "dnsname", "HostedZoneId": "hostedzoneid", "MaxItems": "maxitems",
	}, 200},
	"ListResourceRecordSets": {"GET", "hostedzone/{HostedZoneId}/rrset", map[string]string{
		"StartRecordName": "name", "StartRecordType": "type", "StartRecordIdentifier": "identifier", "MaxItems": "maxitems",
	}, 200},
	"ListTagsForResource": {"GET", "tags/{ResourceType}/{ResourceId}", nil, 200},
	"TestDNSAnswer": {"GET", "testdnsanswer", map[string]string{
		"HostedZoneId": "hostedzoneid", "RecordName": "recordname", "RecordType": "recordtype", "ResolverIP": "resolverip",
		"EDNS0ClientSubnetIP": "edns0clientsubnetip", "EDNS0ClientSubnetMask": "edns0clientsubnetmask",
	}, 200},
}

// match fits a request to the route and reads the fields that are in its path.
func (rt route) match(version string, r *http.Request) (labels map[string]string, ok bool) {
	if r.Method != rt.method {
		return nil, false
	}
	// Identifiers may come as they are in replies, "/hostedzone/Z1", with the slashes escaped or not.
	path := r.URL.EscapedPath()
	for _, prefix := range idPrefixes {
		path = strings.Replace(path, prefix+prefix, prefix, 1)
	}
	path = strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/")
	got := strings.Split(path, "/")
	want := strings.Split(version+"/"+rt.path, "/")
	if len(got) != len(want) {
		return nil, false
	}
	labels = map[string]string{}
	for i, part := range want {
		value, err := url.PathUnescape(got[i])
		if err != nil {
			return nil, false
		}
		if field, isLabel := strings.CutPrefix(part, "{"); isLabel {
			field = strings.TrimSuffix(field, "}")
			labels[field] = bareID(field, value)
		} else if value != part {
			return nil, false
		}
	}
	return labels, true
}

// idPrefixes stand before the identifiers in replies.
var idPrefixes = [...]string{"/hostedzone/", "/change/", "/healthcheck/"}

// bareID is an identifier without what stands before it in replies; other fields are left as they are.
func bareID(field, id string) string {
	if !strings.HasSuffix(field, "Id") {
		return id
	}
	for _, prefix := range idPrefixes {
		if bare, ok := strings.CutPrefix(id, prefix); ok {
			return bare
		}
	}
	return id
}
