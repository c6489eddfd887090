package route53_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	blue  = "app.example.test A id=blue weight=255 alias=blue.elb.test eth"
	green = "app.example.test A id=green weight=0 alias=green.elb.test eth"
)

// simple is a record without a routing policy.
const simple = "s.example.test A ttl=60 | 192.0.2.1"

// TestChangeResourceRecordSets goes through what Route 53 accepts and refuses.
func TestChangeResourceRecordSets(t *testing.T) {
	const listed = "app.example.test. A id=blue weight=255 alias=blue.elb.test. eth"
	pair := []string{"CREATE " + blue, "CREATE " + green}
	runBatches(t, []batchTest{
		{
			name:  "CREATE weighted aliases in one batch; weight 0 is a weight",
			batch: pair,
			list:  []string{listed, "app.example.test. A id=green weight=0 alias=green.elb.test. eth"},
		},
		{
			name:  "alias read back in lower case with a trailing dot, dualstack kept, no TTL",
			batch: []string{"CREATE app.example.test A alias=dualstack.Blue.ELB.test"},
			list:  []string{"app.example.test. A alias=dualstack.blue.elb.test."},
		},
		{
			name:  "UPSERT turns the weights",
			given: pair,
			batch: []string{
				"UPSERT app.example.test A id=blue weight=0 alias=blue.elb.test eth",
				"UPSERT app.example.test A id=green weight=255 alias=green.elb.test eth",
			},
			list: []string{
				"app.example.test. A id=blue weight=0 alias=blue.elb.test. eth",
				"app.example.test. A id=green weight=255 alias=green.elb.test. eth",
			},
		},
		{
			name: "UPSERT creates", batch: []string{"UPSERT " + simple},
			list: []string{"s.example.test. A ttl=60 | 192.0.2.1"},
		},
		{
			name: "CREATE existing weighted, identical", given: pair, batch: []string{"CREATE " + blue},
			want: "InvalidChangeBatch: [Tried to create resource record set [name='app.example.test.', type='A', set-identifier='blue'] but it already exists]",
		},
		{
			name: "CREATE existing weighted, other weight", given: pair,
			batch: []string{"CREATE app.example.test A id=blue weight=7 alias=blue.elb.test eth"},
			want:  "InvalidChangeBatch: [Tried to create resource record set [name='app.example.test.', type='A', set-identifier='blue'] but it already exists]",
		},
		{
			name: "CREATE existing simple, identical", given: []string{"CREATE " + simple}, batch: []string{"CREATE " + simple},
			want: "InvalidChangeBatch: [Tried to create resource record set [name='s.example.test.', type='A'] but it already exists]",
		},
		{
			name: "CREATE existing simple, other value", given: []string{"CREATE " + simple},
			batch: []string{"CREATE s.example.test A ttl=60 | 192.0.2.9"},
			want:  "InvalidChangeBatch: [Tried to create resource record set [name='s.example.test.', type='A'] but it already exists]",
		},
		{
			name: "DELETE weighted with the wrong weight", given: pair,
			batch: []string{"DELETE app.example.test A id=blue weight=254 alias=blue.elb.test eth"},
			want:  "InvalidChangeBatch: [Tried to delete resource record set [name='app.example.test.', type='A', set-identifier='blue'] but the values provided do not match the current values]",
		},
		{
			name: "DELETE weighted with the wrong alias target", given: pair,
			batch: []string{"DELETE app.example.test A id=blue weight=255 alias=green.elb.test eth"},
			want:  "InvalidChangeBatch: [Tried to delete resource record set [name='app.example.test.', type='A', set-identifier='blue'] but the values provided do not match the current values]",
		},
		{
			name: "DELETE weighted with the wrong EvaluateTargetHealth", given: pair,
			batch: []string{"DELETE app.example.test A id=blue weight=255 alias=blue.elb.test"},
			want:  "InvalidChangeBatch: [Tried to delete resource record set [name='app.example.test.', type='A', set-identifier='blue'] but the values provided do not match the current values]",
		},
		{
			name: "DELETE simple with the wrong value", given: []string{"CREATE " + simple},
			batch: []string{"DELETE s.example.test A ttl=60 | 192.0.2.9"},
			want:  "InvalidChangeBatch: [Tried to delete resource record set [name='s.example.test.', type='A'] but the values provided do not match the current values]",
		},
		{
			name: "DELETE simple with the wrong TTL", given: []string{"CREATE " + simple},
			batch: []string{"DELETE s.example.test A ttl=61 | 192.0.2.1"},
			want:  "InvalidChangeBatch: [Tried to delete resource record set [name='s.example.test.', type='A'] but the values provided do not match the current values]",
		},
		{
			name: "DELETE with too few values", given: []string{"CREATE s.example.test A ttl=60 | 192.0.2.1 | 192.0.2.2"},
			batch: []string{"DELETE " + simple},
			want:  "InvalidChangeBatch: [Tried to delete resource record set [name='s.example.test.', type='A'] but the values provided do not match the current values]",
		},
		{
			name: "DELETE with the values in another order", given: []string{"CREATE s.example.test A ttl=60 | 192.0.2.1 | 192.0.2.2"},
			batch: []string{"DELETE s.example.test A ttl=60 | 192.0.2.2 | 192.0.2.1"}, list: []string{},
		},
		{
			name: "DELETE never existing", batch: []string{"DELETE " + simple},
			want: "InvalidChangeBatch: [Tried to delete resource record set [name='s.example.test.', type='A'] but it was not found]",
		},
		{
			name: "DELETE twice in a batch", given: []string{"CREATE " + simple}, batch: []string{"DELETE " + simple, "DELETE " + simple},
			want: "InvalidChangeBatch: [Tried to delete resource record set [name='s.example.test.', type='A'] but it was not found]",
		},
		{
			name:  "DELETE of app/blue leaves api/blue and app/green alone",
			given: append([]string{"CREATE api.example.test A id=blue weight=255 alias=blue.elb.test"}, pair...),
			batch: []string{"DELETE " + blue},
			list: []string{
				"api.example.test. A id=blue weight=255 alias=blue.elb.test.",
				"app.example.test. A id=green weight=0 alias=green.elb.test. eth",
			},
		},
		{
			name: "DELETE and CREATE with a new weight, as compare-and-swap", given: pair,
			batch: []string{"DELETE " + blue, "CREATE app.example.test A id=blue weight=77 alias=blue.elb.test eth"},
			list: []string{
				"app.example.test. A id=blue weight=77 alias=blue.elb.test. eth",
				"app.example.test. A id=green weight=0 alias=green.elb.test. eth",
			},
		},
		{
			name: "a failed compare-and-swap blames the DELETE alone", given: pair,
			batch: []string{
				"DELETE app.example.test A id=blue weight=9 alias=blue.elb.test eth",
				"CREATE app.example.test A id=blue weight=77 alias=blue.elb.test eth",
			},
			want: "InvalidChangeBatch: [Tried to delete resource record set [name='app.example.test.', type='A', set-identifier='blue'] but the values provided do not match the current values]",
		},
		{
			name: "every faulty change has its message", given: pair,
			batch: []string{"DELETE " + simple, "CREATE " + blue, "CREATE ok.example.test A ttl=1 | 192.0.2.3"},
			want: "InvalidChangeBatch: [Tried to delete resource record set [name='s.example.test.', type='A'] but it was not found, " +
				"Tried to create resource record set [name='app.example.test.', type='A', set-identifier='blue'] but it already exists]",
		},
		{
			name: "UPSERT weighted over simple", given: []string{"CREATE " + simple},
			batch: []string{"UPSERT s.example.test A id=blue weight=1 alias=blue.elb.test"},
			want:  "InvalidChangeBatch: [RRSet with DNS name s.example.test., type A, SetIdentifier blue cannot be created as a non-weighted set exists with the same name and type.]",
		},
		{
			name: "UPSERT simple over weighted", given: pair, batch: []string{"UPSERT app.example.test A ttl=60 | 192.0.2.1"},
			want: "InvalidChangeBatch: [RRSet with DNS name app.example.test., type A cannot be created as other RRSets exist with the same name and type.]",
		},
		{
			name: "CREATE weighted beside simple", given: []string{"CREATE " + simple},
			batch: []string{"CREATE s.example.test A id=blue weight=1 alias=blue.elb.test"},
			want:  "InvalidChangeBatch: [RRSet with DNS name s.example.test., type A, SetIdentifier blue cannot be created as a non-weighted set exists with the same name and type.]",
		},
		{
			name: "second change outside of the zone: nothing is applied", given: pair,
			batch: []string{"CREATE " + simple, "CREATE www.example.org A ttl=60 | 192.0.2.1"},
			want:  "InvalidChangeBatch: [RRSet with DNS name www.example.org. is not permitted in zone example.test.]",
		},
		{
			name: "second change a DELETE of nothing: nothing is applied", given: pair,
			batch: []string{"CREATE " + simple, "DELETE never.example.test A ttl=60 | 192.0.2.1"},
			want:  "InvalidChangeBatch: [Tried to delete resource record set [name='never.example.test.', type='A'] but it was not found]",
		},
		{
			name: "the same CREATE twice", batch: []string{"CREATE " + simple, "CREATE " + simple},
			want: "InvalidChangeBatch: [The request contains an invalid set of changes for a resource record set 'A s.example.test.']",
		},
		{
			name: "the same UPSERT twice", batch: []string{"UPSERT " + simple, "UPSERT " + simple},
			want: "InvalidChangeBatch: [The request contains an invalid set of changes for a resource record set 'A s.example.test.']",
		},
		{
			name: "CREATE and then DELETE", batch: []string{"CREATE " + simple, "DELETE " + simple},
			want: "InvalidChangeBatch: [The request contains an invalid set of changes for a resource record set 'A s.example.test.']",
		},
		{
			name: "simple to weighted, DELETE first", given: []string{"CREATE " + simple},
			batch: []string{
				"DELETE " + simple, "CREATE s.example.test A id=blue weight=255 alias=blue.elb.test",
				"CREATE s.example.test A id=green weight=0 alias=green.elb.test",
			},
			list: []string{
				"s.example.test. A id=blue weight=255 alias=blue.elb.test.", "s.example.test. A id=green weight=0 alias=green.elb.test.",
			},
		},
		{
			name: "simple to weighted, CREATE first", given: []string{"CREATE " + simple},
			batch: []string{"CREATE s.example.test A id=blue weight=255 alias=blue.elb.test", "DELETE " + simple},
			want:  "InvalidChangeBatch: [RRSet with DNS name s.example.test., type A, SetIdentifier blue cannot be created as a non-weighted set exists with the same name and type.]",
		},
		{
			name: "weighted to simple, DELETE first", given: pair,
			batch: []string{"DELETE " + blue, "DELETE " + green, "CREATE app.example.test A ttl=60 | 192.0.2.1"},
			list:  []string{"app.example.test. A ttl=60 | 192.0.2.1"},
		},
		{
			name: "CNAME to alias in one batch", given: []string{"CREATE app.example.test CNAME ttl=60 | blue.elb.test"},
			batch: []string{"DELETE app.example.test CNAME ttl=60 | blue.elb.test", "CREATE " + blue}, list: []string{listed},
		},
		{
			name: "CNAME beside A", given: []string{"CREATE " + simple}, batch: []string{"CREATE s.example.test CNAME ttl=60 | x.example.org"},
			want: "InvalidChangeBatch: [RRSet of type CNAME with DNS name s.example.test. is not permitted as it conflicts with other records with the same DNS name in zone example.test.]",
		},
		{
			name: "TXT beside CNAME", given: []string{"CREATE s.example.test CNAME ttl=60 | x.example.org"}, batch: []string{`CREATE s.example.test TXT ttl=60 | "x"`},
			want: "InvalidChangeBatch: [RRSet of type TXT with DNS name s.example.test. is not permitted because a conflicting RRSet of type CNAME with the same DNS name already exists in zone example.test.]",
		},
		{
			name: "CNAME at the apex", batch: []string{"CREATE example.test CNAME ttl=60 | x.example.org"},
			want: "InvalidChangeBatch: [RRSet of type CNAME with DNS name example.test. is not permitted at apex in zone example.test.]",
		},
		{
			name: "weight 256", batch: []string{"CREATE w.example.test A id=blue weight=256 alias=blue.elb.test"},
			want: "InvalidInput: Invalid request: Weight must be between 0 and 255, but is 256 in Change with [Action=CREATE, Name=w.example.test, Type=A, SetIdentifier=blue]",
		},
		{
			name: "weight -1", batch: []string{"CREATE w.example.test A id=blue weight=-1 alias=blue.elb.test"},
			want: "InvalidInput: Invalid request: Weight must be between 0 and 255, but is -1 in Change with [Action=CREATE, Name=w.example.test, Type=A, SetIdentifier=blue]",
		},
		{
			name: "weight without SetIdentifier", batch: []string{"CREATE w.example.test A weight=1 ttl=60 | 192.0.2.1"},
			want: "InvalidInput: Invalid request: Missing field 'SetIdentifier' in Change with [Action=CREATE, Name=w.example.test, Type=A, SetIdentifier=null]",
		},
		{
			name: "SetIdentifier without weight", batch: []string{"CREATE w.example.test A id=a ttl=60 | 192.0.2.1"},
			want: "InvalidInput: Invalid request: Expected exactly one of [Weight, Region, Failover, GeoLocation, or MultiValueAnswer], but found none in Change with [Action=CREATE, Name=w.example.test, Type=A, SetIdentifier=a]",
		},
		{
			name: "weight and region", batch: []string{"CREATE w.example.test A id=a weight=1 region=eu-west-1 ttl=60 | 192.0.2.1"},
			want: "InvalidInput: Invalid request: Expected exactly one of [Weight, Region, Failover, GeoLocation, or MultiValueAnswer], but found more than one in Change with [Action=CREATE, Name=w.example.test, Type=A, SetIdentifier=a]",
		},
		{
			name: "alias with TTL", batch: []string{"CREATE w.example.test A id=blue weight=1 ttl=60 alias=blue.elb.test"},
			want: "InvalidInput: Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], but found more than one in Change with [Action=CREATE, Name=w.example.test, Type=A, SetIdentifier=blue]",
		},
		{
			name: "no TTL on a record that is no alias", batch: []string{"CREATE w.example.test A | 192.0.2.1"},
			want: "InvalidInput: Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], but found none in Change with [Action=CREATE, Name=w.example.test, Type=A, SetIdentifier=null]",
		},
		{
			name: "alias to a zone that the target is not in", batch: []string{"CREATE w.example.test A alias=blue.elb.test zone=Z2FDTNDATAQYW2"},
			want: "InvalidChangeBatch: [Tried to create an alias that targets blue.elb.test., type A in zone Z2FDTNDATAQYW2, but the alias target name does not lie within the target zone]",
		},
		{
			name: "alias to a load balancer that does not exist", batch: []string{"CREATE w.example.test A alias=red.elb.test"},
			want: "InvalidChangeBatch: [Tried to create an alias that targets red.elb.test., type A in zone Z32O12XQLNTSW2, but that target was not found]",
		},
		{
			name: "alias of a type that a load balancer does not have", batch: []string{"CREATE w.example.test TXT alias=blue.elb.test"},
			want: "InvalidChangeBatch: [Tried to create an alias that targets blue.elb.test., type TXT in zone Z32O12XQLNTSW2, but that target was not found]",
		},
		{
			name: "alias to a record of the same zone", given: []string{"CREATE " + simple}, batch: []string{"CREATE t.example.test A alias=S.example.test zone=self"},
			list: []string{"s.example.test. A ttl=60 | 192.0.2.1", "t.example.test. A alias=s.example.test. zone=SELF"},
		},
		{
			name: "alias to a record of the same zone that has another type", given: []string{"CREATE " + simple},
			batch: []string{"CREATE t.example.test AAAA alias=s.example.test zone=self"},
			want:  "InvalidChangeBatch: [Tried to create an alias that targets s.example.test., type AAAA in zone SELF, but that target was not found]",
		},
		{
			name: "alias to itself", given: []string{"CREATE " + simple}, batch: []string{"UPSERT s.example.test A alias=s.example.test zone=self"},
			want: "InvalidChangeBatch: [Tried to create an alias that targets s.example.test., type A in zone SELF, but that target was not found]",
		},
		{
			name: "weighted pair with different TTLs", batch: []string{
				"CREATE wt.example.test A id=blue weight=10 ttl=60 | 192.0.2.1", "CREATE wt.example.test A id=green weight=0 ttl=30 | 192.0.2.2",
			},
			want: "InvalidChangeBatch: [RRSet with DNS name wt.example.test. and type A, SetIdentifier green cannot be created as weighted sets must contain the same TTL.]",
		},
		{
			name: "different TTLs beside an alias, which has none", batch: []string{
				"CREATE wt.example.test A id=a weight=1 alias=blue.elb.test", "CREATE wt.example.test A id=b weight=1 ttl=60 | 192.0.2.2",
				"CREATE wt.example.test A id=c weight=1 ttl=30 | 192.0.2.3",
			},
			want: "InvalidChangeBatch: [RRSet with DNS name wt.example.test. and type A, SetIdentifier c cannot be created as weighted sets must contain the same TTL.]",
		},
		{
			name: "the TTL of a weighted pair changed together", given: []string{
				"CREATE wt.example.test A id=blue weight=10 ttl=60 | 192.0.2.1", "CREATE wt.example.test A id=green weight=0 ttl=60 | 192.0.2.2",
			},
			batch: []string{
				"UPSERT wt.example.test A id=blue weight=10 ttl=30 | 192.0.2.1", "UPSERT wt.example.test A id=green weight=0 ttl=30 | 192.0.2.2",
			},
			list: []string{"wt.example.test. A id=blue weight=10 ttl=30 | 192.0.2.1", "wt.example.test. A id=green weight=0 ttl=30 | 192.0.2.2"},
		},
		{
			name: "routing policy that the sandbox does not have", batch: []string{"CREATE w.example.test A id=a region=eu-west-1 ttl=60 | 192.0.2.1"},
			want: "InvalidInput: This sandbox knows simple and weighted records only, not the routing policy in Change with [Action=CREATE, Name=w.example.test, Type=A, SetIdentifier=a]",
		},
	})
}

// batchTest is a batch sent to a zone that another made.
type batchTest struct {
	name  string
	given []string // one batch
	batch []string
	want  string   // refusal
	list  []string // afterwards, when not refused
}

// runBatches also checks that a batch that is refused leaves the zone as it was.
func runBatches(t *testing.T, tests []batchTest) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			x := newSandbox(t, instant())
			id := x.zone("example.test")
			self := strings.TrimPrefix(id, "/hostedzone/")
			if tt.given != nil {
				x.mustChange(id, tt.given...)
			}
			before := x.list(id)
			_, err := x.change(id, tt.batch...)
			if got := strings.ReplaceAll(refusal(err), self, "SELF"); got != tt.want {
				t.Errorf("refusal:\n got %s\nwant %s", got, tt.want)
			}
			want := tt.list
			if tt.want != "" {
				want = before
			}
			got := x.list(id)
			for i := range got {
				got[i] = strings.ReplaceAll(strings.ReplaceAll(got[i], "/hostedzone/", ""), self, "SELF")
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("listing (-want +got):\n%s", diff)
			}
		})
	}
}
