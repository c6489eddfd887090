package userdata

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"strings"
	"testing"
)

func compressed(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func encoded(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// wrapped is base64 in lines, as a YAML block has it.
func wrapped(text, indent string) string {
	all := encoded(text)
	var b strings.Builder
	for len(all) > 0 {
		n := min(60, len(all))
		b.WriteString(indent + all[:n] + "\n")
		all = all[n:]
	}
	return b.String()
}

const classic = `#!/bin/bash
set -eux
apt-get update && apt-get install -y docker.io awscli
systemctl enable --now docker
aws ecr get-login-password --region eu-west-1 | docker login --username AWS --password-stdin 123456789012.dkr.ecr.eu-west-1.amazonaws.com
docker pull 123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop:1
docker run -d --restart always \
  -e DB_PASSWORD=hunter2 \
  -p 80:80 --name shop 123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop:1
`

const unit = `[Unit]
Description=shop
[Service]
ExecStart=/usr/bin/docker run --rm --name shop shop:1
`

const multipartScript = `Content-Type: multipart/mixed; boundary="//"
MIME-Version: 1.0

--//
Content-Type: text/cloud-config; charset="us-ascii"
Content-Disposition: attachment; filename="cloud-config.txt"

#cloud-config
packages: [docker.io]
--//
Content-Type: text/x-shellscript; charset="us-ascii"
Content-Transfer-Encoding: base64
Content-Disposition: attachment; filename="start.sh"

BASE64
--//--
`

func TestStartsContainer(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"the classic":           {classic, "it runs `docker run` in line 7"},
		"base64 of it":          {encoded(classic), "it runs `docker run` in line 7"},
		"base64 in lines":       {wrapped(classic, ""), "it runs `docker run` in line 7"},
		"gzip of it":            {compressed(t, classic), "it runs `docker run` in line 7"},
		"base64 of gzip of it":  {encoded(compressed(t, classic)), "it runs `docker run` in line 7"},
		"Windows line ends":     {strings.ReplaceAll(classic, "\n", "\r\n"), "it runs `docker run` in line 7"},
		"by path":               {"sudo /usr/bin/docker run app", "it runs `docker run` in line 1"},
		"by variable":           {"DOCKER=/usr/bin/docker\n${DOCKER} run app", "it runs `${DOCKER} run` in line 2"},
		"in quotes":             {`bash -c "docker run app"`, "it runs `docker run` in line 1"},
		"in a condition":        {"if ! docker ps | grep shop; then docker start shop; fi", "it runs `docker start` in line 1"},
		"in a substitution":     {"id=$(docker run -d app)", "it runs `docker run` in line 1"},
		"after an option":       {"docker -H unix:///run/docker.sock --log-level debug run app", "it runs `docker run` in line 1"},
		"container run":         {"docker container run app", "it runs `docker run` in line 1"},
		"podman":                {"podman run -d app", "it runs `podman run` in line 1"},
		"podman by kube":        {"podman play kube pod.yaml", "it runs `podman play kube` in line 1"},
		"nerdctl":               {"nerdctl run -d app", "it runs `nerdctl run` in line 1"},
		"containerd":            {"ctr -n app tasks start app", "it runs `ctr start` in line 1"},
		"docker-compose":        {"cd /srv && docker-compose -f prod.yml up -d", "it runs `docker-compose up` in line 1"},
		"docker compose":        {"docker compose --env-file /srv/env -p shop up --wait", "it runs `docker compose up` in line 1"},
		"swarm":                 {"docker stack deploy -c x.yml shop", "it runs `docker stack deploy` in line 1"},
		"a service of a swarm":  {"docker service create --name shop shop:1", "it runs `docker service create` in line 1"},
		"the API":               {"curl --unix-socket /run/docker.sock -X POST http://x/v1.41/containers/shop/start", "it runs `a request to Docker's socket` in line 1"},
		"ECS":                   {"#!/bin/sh\necho ECS_CLUSTER=prod >> /etc/ecs/ecs.config", "it runs `the agent of ECS` in line 2"},
		"a unit by cat":         {"cat > /etc/systemd/system/shop.service <<EOF\n" + unit + "EOF\n", "it runs `docker run` in line 5"},
		"a unit by echo":        {`echo "ExecStart=/usr/bin/docker run shop" > /etc/systemd/system/shop.service`, "it runs `docker run` in line 1"},
		"a quadlet":             {"cat > /etc/containers/systemd/shop.container <<EOF", "it runs `a container unit of systemd` in line 1"},
		"a helper that stays":   {"docker run --rm -d -p 80:80 app", "it runs `docker run` in line 1"},
		"a helper with a port":  {"docker run --rm -p80:80 app", "it runs `docker run` in line 1"},
		"a helper in the back":  {"docker run --rm app &", "it runs `docker run` in line 1"},
		"a helper on the host":  {"docker run --rm --network=host app", "it runs `docker run` in line 1"},
		"cloud-config, a text":  {"#cloud-config\nruncmd:\n  - docker run -d app", "it runs `docker run` in line 3"},
		"cloud-config, a list":  {"#cloud-config\nruncmd:\n  - [docker, run, -d, app]", "it runs `docker run` in line 3"},
		"cloud-config, quoted":  {"#cloud-config\nruncmd:\n  - [ \"/usr/bin/docker\", 'start', \"app\" ]", "it runs `docker start` in line 3"},
		"cloud-config, lines":   {"#cloud-config\nruncmd:\n  - - docker\n    - run\n    - app\n", "it runs `docker run`"},
		"cloud-config, a unit":  {"#cloud-config\nwrite_files:\n  - path: /etc/systemd/system/shop.service\n    content: |\n      " + strings.ReplaceAll(unit, "\n", "\n      "), "it runs `docker run` in line 8"},
		"cloud-config, encoded": {"#cloud-config\nwrite_files:\n  - path: /etc/systemd/system/shop.service\n    encoding: b64\n    content: " + encoded(unit) + "\n    owner: root", "it runs `docker run` in line 4 of what is encoded there"},
		"cloud-config, packed":  {"#cloud-config\nwrite_files:\n  - encoding: gz+b64\n    content: " + encoded(compressed(t, unit)), "it runs `docker run` in line 4 of what is encoded there"},
		"cloud-config, binary":  {"#cloud-config\nwrite_files:\n  - path: /x\n    content: !!binary |\n" + wrapped(unit, "      ") + "    mode: x", "it runs `docker run` in line 4 of what is encoded there"},
		"decoded by a script":   {"echo " + encoded(classic) + " | base64 -d | bash", "it runs `docker run` in line 7 of what is encoded there"},
		"a multipart":           {strings.Replace(multipartScript, "BASE64", wrapped(classic, ""), 1), "it runs `docker run` in line 7 (start.sh)"},
		"a multipart, packed":   {compressed(t, strings.Replace(multipartScript, "BASE64", wrapped(classic, ""), 1)), "it runs `docker run` in line 7 (start.sh)"},
		"a part, packed":        {strings.Replace(multipartScript, "BASE64", wrapped(compressed(t, classic), ""), 1), "it runs `docker run` in line 7 (start.sh)"},
		"a part in a part":      {"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=outer\n\n--outer\n" + strings.Replace(multipartScript, "BASE64", wrapped(classic, ""), 1) + "\n--outer--\n", "it runs `docker run` in line 7 (part multipart/mixed, start.sh)"},
		"quoted-printable":      {"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Transfer-Encoding: quoted-printable\n\n#!/bin/sh\ndocker =\nrun app=\n\n--x--\n", "it runs `docker run` in line 2 (part text/plain)"},
	} {
		t.Run(name, func(t *testing.T) {
			why, yes := StartsContainer(c.text)
			if !yes || why != c.want {
				t.Errorf("got %q, %t; want %q", why, yes, c.want)
			}
			if strings.Contains(why, "hunter2") {
				t.Error("it tells a secret")
			}
		})
	}
}

func TestStartsNoContainer(t *testing.T) {
	for name, c := range map[string]struct{ text, why string }{
		"nothing":            {"", ""},
		"ours":               {CloudConfig("image = \"shop:1\"\n"), ""},
		"installs Docker":    {"#!/bin/sh\nyum install -y docker\nservice docker start && usermod -aG docker ec2-user\nsystemctl start docker\n/etc/init.d/docker restart", ""},
		"fetches an image":   {"docker login -u run\ndocker pull shop:1\ndocker tag a run", ""},
		"other commands":     {"docker ps\ndocker system prune -f\ndocker exec shop start\ndocker rm -f run\ndocker network create start\ndocker-compose pull\ndocker compose build", ""},
		"a comment":          {"#!/bin/sh\n# docker run app\ntrue # docker run app\n\tid -u #x docker run", ""},
		"a message":          {"echo \"now do: docker run app\"\nprintf 'docker start x\\n'", ""},
		"a helper":           {"docker run --rm -v /srv:/srv amazon/aws-cli s3 cp s3://b/x /srv", ""},
		"a helper, spelled":  {"docker run --rm=true -e A=b alpine chown -R 1000 /srv", ""},
		"words around":       {"cp docker-run.sh /tmp; my-docker run; dockerd start; docker-run app", ""},
		"across commands":    {"apt install docker && run-parts /x", ""},
		"across lines":       {"#cloud-config\nruncmd:\n  - apt install docker\n  - run something\n", ""},
		"elsewhere":          {"#include\nhttps://example.com/user-data\n", "what it includes from elsewhere is not known"},
		"binary":             {"\x00\x01docker run app", ""},
		"encoded, but data":  {"#!/bin/sh\necho " + encoded("\x00\xff docker run app, and more bytes") + " | base64 -d > /x", ""},
		"half a multipart":   {"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\n", ""},
		"the agent's config": {"#cloud-config\nwrite_files:\n  - path: " + File + "\n    content: |\n      image = \"docker.io/run:1\"\n", ""},
	} {
		if why, yes := StartsContainer(c.text); yes || why != c.why {
			t.Errorf("%s: got %q, %t", name, why, yes)
		}
	}
}

// What unfolds without end is not followed without end.
func TestStartsContainerIsBounded(t *testing.T) {
	text := classic
	for range maxDepth + 5 {
		text = encoded("#" + text)
	}
	_, _ = StartsContainer(text)
	bomb := compressed(t, strings.Repeat("\x00", 64<<20))
	if plain, ok := gunzip(bomb); !ok || len(plain) != maxUnpacked {
		t.Errorf("it unpacks to %d bytes", len(plain))
	}
	var parts strings.Builder
	parts.WriteString("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n")
	for range 10 * maxParts {
		parts.WriteString("--x\n\ntrue\n")
	}
	if got := flatten(parts.String() + "--x--\n"); len(got) > maxParts {
		t.Errorf("%d parts", len(got))
	}
}

func FuzzStartsContainer(f *testing.F) {
	f.Add(classic)
	f.Add(multipartScript)
	f.Add(encoded(compressed(f, classic)))
	f.Add("#cloud-config\nruncmd:\n  - - docker\n    - run\n")
	f.Fuzz(func(t *testing.T, text string) {
		why, yes := StartsContainer(text)
		if yes && !strings.HasPrefix(why, "it runs `") {
			t.Errorf("got %q", why)
		}
		// Whatever stands before a command, it is found after it.
		if readable(text) && !strings.HasPrefix(text, "\x1f\x8b") {
			if _, ok := parseMessage(text); ok {
				return
			}
			if _, ok := undoBase64(text); ok {
				return
			}
			if strings.HasSuffix(strings.TrimRight(text, "\r"), "\\") {
				return // it goes on
			}
			if _, yes := (&search{left: maxSearched}).starts(text+"\ndocker run app\n", 0); !yes {
				t.Errorf("a command after %q is not found", text)
			}
		}
	})
}
