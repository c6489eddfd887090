// Command registry keeps images for an instance that has no network: in memory, at port 5000 of its loopback.
package main

import (
	"log"
	"net/http"

	"github.com/google/go-containerregistry/pkg/registry"
)

func main() { log.Fatal(http.ListenAndServe("127.0.0.1:5000", registry.New())) }
