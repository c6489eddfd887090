package traffic

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// Fence says who may move an app's weights, and all that a rollback has to know. It stands in public DNS, so it names no
// people and no machines.
type Fence struct {
	Epoch      int64    // grows by one whenever somebody takes over
	Nonce      string   // new in every batch, so that a batch is known again
	Deployment string   // the deployment's id
	Op         Op       // what is going on
	To         Color    // where traffic is going
	Was        Weights  // the weights as the deployment found them: where a rollback goes
	Old        Capacity // of the colour that it leaves
}

// Op is what a deployment is at.
type Op string

// The ops. The first four are those of a deployment that is under way.
const (
	OpBegin    Op = "begin"    // nothing has moved yet
	OpShift    Op = "shift"    // traffic moves, or is held
	OpRollback Op = "rollback" // traffic goes back, or went back and the rest is being put back
	OpRetire   Op = "retire"   // the old colour is being scaled down
	OpDone     Op = "done"
	OpBack     Op = "rolled-back"
	OpFailed   Op = "failed" // ended before anything moved
	OpRetired  Op = "retired"
	OpCloned   Op = "cloned" // the new colour was made; nothing moved
)

// Ended says that no deployment is under way.
func (o Op) Ended() bool {
	return o == OpDone || o == OpBack || o == OpFailed || o == OpRetired || o == OpCloned
}

// Capacity is what is known of the old colour's capacity.
type Capacity string

// The capacities.
const (
	Pinned  Capacity = "pinned"  // its minimum holds it at what it had under full traffic: weights can go back at once
	Free    Capacity = "free"    // its own scaling may have shrunk it
	Reduced Capacity = "reduced" // it was scaled down
)

// fenceVersion begins every fence that this release can read.
const fenceVersion = "bluegreen1"

// Value is the fence as the one string of a TXT record, quotes included, under 255 characters.
func (f Fence) Value() string {
	return fmt.Sprintf(`"%s epoch=%d nonce=%s deployment=%s op=%s to=%s was=%s old=%s"`,
		fenceVersion, f.Epoch, f.Nonce, f.Deployment, f.Op, f.To, f.Was, f.Old)
}

// ParseFence reads what Value writes.
func ParseFence(value string) (Fence, error) {
	fail := func(why string) (Fence, error) {
		return Fence{}, fmt.Errorf("read the fence %s: %s", value, why)
	}
	text := strings.TrimSuffix(strings.TrimPrefix(value, `"`), `"`)
	words := strings.Fields(text)
	if len(words) == 0 || words[0] != fenceVersion || strings.ContainsAny(text, `"\`) {
		return fail("it was not written by this release of switcher")
	}
	fields := map[string]string{}
	for _, word := range words[1:] {
		key, val, _ := strings.Cut(word, "=")
		fields[key] = val
	}
	epoch, err := strconv.ParseInt(fields["epoch"], 10, 64)
	if err != nil || epoch < 1 {
		return fail("no epoch")
	}
	to, err := ParseColor(fields["to"])
	if err != nil {
		return fail(err.Error())
	}
	was, err := ParseWeights(fields["was"])
	if err != nil {
		return fail(err.Error())
	}
	f := Fence{
		Epoch: epoch, Nonce: fields["nonce"], Deployment: fields["deployment"], Op: Op(fields["op"]),
		To: to, Was: was, Old: Capacity(fields["old"]),
	}
	if f.Nonce == "" || f.Deployment == "" {
		return fail("no nonce or no deployment")
	}
	return f, nil
}

// NewNonce is 16 hexadecimal digits that no other batch has.
func NewNonce() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails, says its documentation
	return hex.EncodeToString(b[:])
}
