package cloudwatch

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"bluegreen/internal/sandbox/wire"
)

// position is where a page of GetMetricData begins: in a query, after a datapoint if any of it was returned. It names a
// time, not a count, so that a datapoint that comes in between two pages is not seen as another one seen before.
type position struct {
	query   int
	started bool
	last    int64
}

func (p position) token() *string {
	return encodeToken(fmt.Sprintf("%d %t %d", p.query, p.started, p.last))
}

func decodePosition(token *string, queries int) (position, error) {
	var p position
	s, err := decodeToken(token)
	if err != nil || s == "" {
		return p, err
	}
	if n, _ := fmt.Sscanf(s, "%d %t %d", &p.query, &p.started, &p.last); n != 3 || p.query < 0 || p.query >= queries {
		return p, wire.Errorf("InvalidNextToken", "The value %s for parameter NextToken is invalid.", *token)
	}
	return p, nil
}

// rest is the points that come after the position.
func (p position) rest(points []point, by types.ScanBy) []point {
	if !p.started {
		return points
	}
	for i, pt := range points {
		if by == types.ScanByTimestampAscending && pt.at > p.last || by != types.ScanByTimestampAscending && pt.at < p.last {
			return points[i:]
		}
	}
	return nil
}
