package recipe

import (
	"cmp"
	_ "embed" // the scripts
	"errors"
	"fmt"
	"strings"
	"time"
)

// What runs on the instances is plain files of bash. Values reach them by a file that they source.
var (
	//go:embed guest/common.sh
	common string
	//go:embed guest/builder.sh
	builder string
	//go:embed guest/hygiene.sh
	hygiene string
	//go:embed guest/verifier.sh
	verifier string
	//go:embed guest/command.sh
	command string
)

// BuilderScript is what provisions the instance that an AMI is made of.
func BuilderScript() string { return common + builder + hygiene }

// VerifierScript is what finds out how an instance of the AMI is.
func VerifierScript() string { return common + verifier }

// said is where a script that was Sent leaves what it has to say: in memory, beside the log, which does not get into an image.
const said = "/run/amibake.said"

// Command is what has the script run on an instance whose Guest is Sent, and prints what it says, once it has ended: for sh, as
// root. It may run more than once. The script is told to end after a limit, and then has a minute to say how far it was.
func Command(limit time.Duration) string { return "limit=" + seconds(limit) + "\n" + command }

// CommandLimit is how long a Command may take: user data has to be done before, and the end takes its time.
func CommandLimit(limit time.Duration) time.Duration { return limit + 12*time.Minute }

// Guest is what both scripts have to know.
type Guest struct {
	Run     string        // id of the run: letters, digits and hyphens
	DeadMan time.Duration // from its start, after which the instance ends itself
	Console string        // "" for /dev/console
	Log     string        // "" for a file in memory
	Repeat  int           // how often it says how it ended, a quarter of a minute apart; 0 for ten minutes long
	Sent    bool          // user data does not start it but Command, which prints once what it says, and nothing gets to the console
}

// Builder is an instance that an AMI is made of.
type Builder struct {
	Guest
	App      string
	Docker   string // as in Inputs, like the next
	Packages []string
	Image    string // as in Inputs; what is pulled must have its digest
	Agent    Object // its package; zero for that of the base AMI
	Bundle   Object // of Cargo.Bundle; zero when it is in Inline
	Inline   []byte // the bundle itself, if it is small enough for user data
}

// Object is a file in S3.
type Object struct {
	URL    string // presigned
	SHA256 string // in hex
}

// UserData has an instance provision itself. It is as EC2 takes it, before base64.
func (b Builder) UserData() (string, error) {
	if (b.Bundle == Object{}) == (b.Inline == nil) {
		return "", errors.New("write the builder's user data: the files are neither in it nor elsewhere, or both")
	}
	_, digest, _ := strings.Cut(b.Image, "@")
	if !digests().MatchString(digest) {
		return "", fmt.Errorf("write the builder's user data: the image %q has no digest", b.Image)
	}
	var s shell
	b.Guest.tell(&s)
	s.set("AMIBAKE_APP", b.App)
	s.set("AMIBAKE_DOCKER", b.Docker)
	s.list("AMIBAKE_PACKAGES", sorted(b.Packages))
	s.set("AMIBAKE_DIGEST", digest)
	s.set("AMIBAKE_AGENT_URL", b.Agent.URL)
	s.set("AMIBAKE_AGENT_SHA256", b.Agent.SHA256)
	s.set("AMIBAKE_BUNDLE_URL", b.Bundle.URL)
	s.set("AMIBAKE_BUNDLE_SHA256", b.Bundle.SHA256)
	text, err := b.Guest.cloudConfig(s, BuilderScript(), b.Inline)
	if err != nil {
		return "", fmt.Errorf("write the builder's user data: %w", err)
	}
	return text, nil
}

// Verifier is an instance of an AMI that has to prove itself.
type Verifier struct {
	Guest
	Limit      time.Duration // until the app must be healthy, from when user data is run
	HealthPort int           // of the agent's /health; 0 for 9180
	Metadata   string        // host of the metadata service; "" for AWS's
}

// UserData has an instance say how it is.
func (v Verifier) UserData() (string, error) {
	var s shell
	v.Guest.tell(&s)
	s.set("AMIBAKE_LIMIT", seconds(v.Limit))
	s.set("AMIBAKE_HEALTH_PORT", fmt.Sprint(cmp.Or(v.HealthPort, 9180)))
	s.set("AMIBAKE_IMDS", cmp.Or(v.Metadata, "169.254.169.254"))
	text, err := v.Guest.cloudConfig(s, VerifierScript(), nil)
	if err != nil {
		return "", fmt.Errorf("write the user data of the instance that tests the AMI: %w", err)
	}
	return text, nil
}

// repeats are ten minutes' worth.
const repeats = 40

func (g Guest) tell(s *shell) {
	if g.Sent {
		g.Console, g.Repeat = said, 1
	}
	s.set("AMIBAKE_RUN", g.Run)
	s.set("AMIBAKE_DEADMAN", seconds(g.DeadMan)+"s")
	s.set("AMIBAKE_CONSOLE", cmp.Or(g.Console, "/dev/console"))
	s.set("AMIBAKE_LOG", cmp.Or(g.Log, "/run/amibake.log"))
	s.set("AMIBAKE_REPEAT", fmt.Sprint(cmp.Or(g.Repeat, repeats)))
}

// seconds is a time span in whole seconds, at least one.
func seconds(d time.Duration) string {
	return fmt.Sprint(max(1, int64((d+time.Second-1)/time.Second)))
}

// shell is a file of assignments for bash.
type shell struct {
	text strings.Builder
	err  error
}

func (s *shell) set(name, value string) { fmt.Fprintf(&s.text, "%s=%s\n", name, s.quote(name, value)) }

func (s *shell) list(name string, values []string) {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = s.quote(name, v)
	}
	fmt.Fprintf(&s.text, "%s=(%s)\n", name, strings.Join(quoted, " "))
}

// quote makes one word of a value, in which nothing is expanded.
func (s *shell) quote(name, value string) string {
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
		s.err = errors.Join(s.err, fmt.Errorf("%s has characters that are not printable ASCII: %.60q", name, value))
	}
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}
