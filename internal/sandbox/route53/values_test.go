package route53_test

import "testing"

// TestNamesAndValues goes through how names and values are read, kept and compared.
func TestNamesAndValues(t *testing.T) {
	pair := []string{"CREATE " + blue, "CREATE " + green}
	runBatches(t, []batchTest{
		{
			name: "a name that merely ends like the zone is outside of it", batch: []string{"CREATE notexample.test A ttl=60 | 192.0.2.1"},
			want: "InvalidChangeBatch: [RRSet with DNS name notexample.test. is not permitted in zone example.test.]",
		},
		{
			name: "A record with a bad IP", batch: []string{"CREATE w.example.test A ttl=60 | not-an-ip"},
			want: "InvalidChangeBatch: [Invalid Resource Record: 'FATAL problem: ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered with 'not-an-ip'']",
		},
		{
			name: "AAAA record with a bad IP", batch: []string{"CREATE w.example.test AAAA ttl=60 | 192.0.2.1"},
			want: "InvalidChangeBatch: [Invalid Resource Record: 'FATAL problem: AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address) encountered with '192.0.2.1'']",
		},
		{
			name: "AAAA record with a zone", batch: []string{"CREATE w.example.test AAAA ttl=60 | fe80::1%eth0"},
			want: "InvalidChangeBatch: [Invalid Resource Record: 'FATAL problem: AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address) encountered with 'fe80::1%eth0'']",
		},
		{
			name: "the same value twice", batch: []string{"CREATE w.example.test A ttl=60 | 192.0.2.1 | 192.0.2.1"},
			want: "InvalidChangeBatch: [Duplicate Resource Record: '192.0.2.1']",
		},
		{
			name: "weighted values, UPSERT of one", given: []string{
				"CREATE wn.example.test A id=blue weight=10 ttl=60 | 192.0.2.1", "CREATE wn.example.test A id=green weight=0 ttl=60 | 192.0.2.2",
			},
			batch: []string{"UPSERT wn.example.test A id=green weight=10 ttl=60 | 192.0.2.3"},
			list: []string{
				"wn.example.test. A id=blue weight=10 ttl=60 | 192.0.2.1", "wn.example.test. A id=green weight=10 ttl=60 | 192.0.2.3",
			},
		},
		{
			name: "two values in a weighted record", batch: []string{"CREATE w.example.test A id=blue weight=1 ttl=60 | 192.0.2.1 | 192.0.2.2"},
			want: "InvalidChangeBatch: [RRSet of type A with DNS name w.example.test. must have a single value]",
		},
		{
			name: "names in lower case, * as an octal escape", batch: []string{
				"CREATE APP.Example.TEST. A ttl=60 | 192.0.2.1", "CREATE *.example.test A ttl=60 | 192.0.2.2", `CREATE \141b.example.test A ttl=60 | 192.0.2.3`,
			},
			list: []string{
				`\052.example.test. A ttl=60 | 192.0.2.2`, "ab.example.test. A ttl=60 | 192.0.2.3", "app.example.test. A ttl=60 | 192.0.2.1",
			},
		},
		{
			name: "DELETE under another spelling of the name and of the target", given: pair,
			batch: []string{"DELETE APP.EXAMPLE.test. A id=blue weight=255 alias=BLUE.elb.test. eth"},
			list:  []string{"app.example.test. A id=green weight=0 alias=green.elb.test. eth"},
		},
		{
			name: "set identifiers differ by case", given: pair,
			batch: []string{"DELETE app.example.test A id=Blue weight=255 alias=blue.elb.test eth"},
			want:  "InvalidChangeBatch: [Tried to delete resource record set [name='app.example.test.', type='A', set-identifier='Blue'] but it was not found]",
		},
		{
			name: "* that is not a whole label", batch: []string{"CREATE a*.example.test A ttl=60 | 192.0.2.1"},
			want: `InvalidChangeBatch: [FATAL problem: UnsupportedCharacter (Value contains unsupported characters) encountered with 'a\052.example.test.']`,
		},
		{
			name: "empty label", batch: []string{"CREATE a..example.test A ttl=60 | 192.0.2.1"},
			want: "InvalidChangeBatch: [FATAL problem: DomainLabelEmpty (Domain label is empty) encountered with 'a..example.test']",
		},
		{
			name: "TXT keeps case, spaces and escapes", batch: []string{`CREATE t.example.test TXT ttl=60 | "bluegreen/1 Epoch=7" "second \"part\" \303\244"`},
			list: []string{`t.example.test. TXT ttl=60 | "bluegreen/1 Epoch=7" "second \"part\" \303\244"`},
		},
		{
			name: "TXT DELETE compares case", given: []string{`CREATE t.example.test TXT ttl=60 | "Nonce"`},
			batch: []string{`DELETE t.example.test TXT ttl=60 | "nonce"`},
			want:  "InvalidChangeBatch: [Tried to delete resource record set [name='t.example.test.', type='TXT'] but the values provided do not match the current values]",
		},
		{
			name: "TXT without quotes", batch: []string{"CREATE t.example.test TXT ttl=60 | fence"},
			want: "InvalidChangeBatch: [Invalid Resource Record: 'FATAL problem: InvalidCharacterString (Value should be enclosed in quotation marks) encountered with 'fence'']",
		},
		{
			name: "health check that does not exist", batch: []string{"CREATE w.example.test A id=blue weight=1 check=abc ttl=60 | 192.0.2.1"},
			want: "NoSuchHealthCheck: No health check exists with the specified ID: abc",
		},
	})
}
