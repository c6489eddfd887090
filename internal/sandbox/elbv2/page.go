package elbv2

import (
	"encoding/base64"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"

	"bluegreen/internal/sandbox/wire"
)

// maxPage is how many results a page has at most, and by default.
const maxPage = 400

// page cuts the part out of all that a marker and a page size ask for, and gives the marker of the next part.
func page[T any](all []T, marker *string, size *int32) ([]T, *string, error) {
	n := aws.ToInt32(size)
	switch {
	case size == nil:
		n = maxPage
	case n < 1 || n > maxPage:
		return nil, nil, wire.Errorf("ValidationError", "1 validation error detected: Value '%d' at 'pageSize' failed to satisfy constraint: must be between 1 and %d", n, maxPage)
	}
	start := 0
	if aws.ToString(marker) != "" {
		raw, err := base64.StdEncoding.DecodeString(*marker)
		if err == nil {
			start, err = strconv.Atoi(string(raw))
		}
		if err != nil || start < 0 {
			return nil, nil, wire.Errorf("ValidationError", "Invalid marker: '%s'", *marker)
		}
	}
	start = min(start, len(all))
	end := min(start+int(n), len(all))
	if end == len(all) {
		return all[start:end], nil, nil
	}
	next := base64.StdEncoding.EncodeToString([]byte(strconv.Itoa(end)))
	return all[start:end], &next, nil
}

// each maps a list, empty to empty.
func each[T, U any](list []T, fn func(T) U) []U {
	out := make([]U, 0, len(list))
	for _, v := range list {
		out = append(out, fn(v))
	}
	return out
}
