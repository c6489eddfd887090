//go:build !race

package bluegreen_test

// stride of 1 runs every world there is.
const stride = 1
