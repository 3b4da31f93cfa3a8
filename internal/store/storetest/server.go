package storetest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

// server is a Postgres of this test process, reached through a socket in a
// folder of its own. It ends with the process, however that ends.
type server struct {
	dir  string
	next atomic.Int64
}

// shared starts the server when the first test asks for one.
var shared = sync.OnceValues(start)

// script makes and runs the cluster in folder $1 with the programs in $2, as
// the user it is called by. It says "ready", and ends the server when its
// standard input does: the test process holds the other end and never closes
// it, so even a killed test leaves nothing behind. Nothing is synced to the
// disk, because the data is thrown away.
const script = `
dir=$1 bin=$2
finish() { kill -QUIT "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; rm -rf "$dir"; }
cd "$dir" || exit 1
"$bin/initdb" -D data -U malmoi -A trust -E UTF8 --locale=C.UTF-8 --no-sync >initdb.log 2>&1 ||
  { cat initdb.log; rm -rf "$dir"; exit 1; }
"$bin/postgres" -D data -k "$dir" -c listen_addresses= -c fsync=off -c synchronous_commit=off \
  -c full_page_writes=off -c max_connections=200 -c shared_buffers=32MB -c autovacuum=off \
  -c log_min_messages=warning >server.log 2>&1 </dev/null &
pid=$!
n=0
until "$bin/pg_isready" -q -h "$dir" -U malmoi -d postgres; do
  n=$((n+1))
  if [ $n -gt 600 ] || ! kill -0 "$pid" 2>/dev/null; then cat server.log; finish; exit 1; fi
  sleep 0.1
done
echo ready
cat >/dev/null
finish
`

func start() (*server, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	// The path of a socket is at most 107 bytes long: not below t.TempDir.
	dir, err := os.MkdirTemp("", "malmoi-pg-")
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("/bin/sh", "-c", script, "sh", dir, bin)
	if os.Getuid() == 0 { // Postgres refuses to run as root
		if err := asUser(cmd, dir, "postgres", "nobody"); err != nil {
			return nil, errors.Join(err, os.RemoveAll(dir))
		}
	}
	if err := run(cmd); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return &server{dir: dir}, nil
}

// run starts cmd and waits until it is ready.
func run(cmd *exec.Cmd) error {
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	var said []string
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if lines.Text() == "ready" {
			go func() {
				cmd.Wait() // never, while this process lives
				runtime.KeepAlive(in)
			}()
			return nil
		}
		said = append(said, lines.Text())
	}
	cmd.Wait()
	return fmt.Errorf("start Postgres: %s", strings.Join(said, "\n"))
}

// errNone says that there is nothing to start, other than that it did not.
var errNone = errors.New("Postgres is not installed")

// programs finds the folder with the server's programs, the newest version's
// if there are several.
func programs() (string, error) {
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin/initdb", "/usr/pgsql-*/bin/initdb", "/opt/homebrew/opt/postgresql*/bin/initdb"} {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return filepath.Dir(slices.Max(found)), nil
		}
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", errNone
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return "", err
	}
	return filepath.Dir(path), nil
}

// create makes a new, empty database.
func (s *server) create(ctx context.Context) (address string, drop func(), err error) {
	name := fmt.Sprintf("t%d", s.next.Add(1))
	if err := s.exec(ctx, "CREATE DATABASE "+name); err != nil {
		return "", nil, err
	}
	drop = func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		_ = s.exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
	}
	return s.url(name), drop, nil
}

func (s *server) url(database string) string {
	q := url.Values{"host": {s.dir}, "user": {"malmoi"}, "sslmode": {"disable"}}
	return "postgres:///" + database + "?" + q.Encode()
}

func (s *server) exec(ctx context.Context, statement string) error {
	c, err := pgx.Connect(ctx, s.url("postgres"))
	if err != nil {
		return err
	}
	defer c.Close(context.Background())
	_, err = c.Exec(ctx, statement)
	return err
}

// lookUp returns the ids of the first user that exists.
func lookUp(names ...string) (uid, gid int, err error) {
	for _, name := range names {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.Atoi(u.Uid)
		gid, err2 := strconv.Atoi(u.Gid)
		return uid, gid, errors.Join(err1, err2)
	}
	return 0, 0, fmt.Errorf("none of the users %v exists", names)
}
