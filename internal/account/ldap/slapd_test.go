package ldap_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A real OpenLDAP server in a folder of the test's own, with people and groups.

const people = `dn: dc=example,dc=kr
objectClass: domain
dc: example

dn: ou=people,dc=example,dc=kr
objectClass: organizationalUnit
ou: people

dn: ou=groups,dc=example,dc=kr
objectClass: organizationalUnit
ou: groups

dn: uid=kim,ou=people,dc=example,dc=kr
objectClass: inetOrgPerson
uid: kim
cn: 김철수
sn: 김
mail: kim@example.kr
userPassword: pw-kim

dn: uid=홍길동,ou=people,dc=example,dc=kr
objectClass: inetOrgPerson
uid: 홍길동
cn: 홍길동
sn: 홍
userPassword: pw-홍

dn: uid=a*(b)\\c,ou=people,dc=example,dc=kr
objectClass: inetOrgPerson
uid: a*(b)\c
cn: 괄호
sn: 괄
userPassword: pw-odd

dn: uid=twin,ou=people,dc=example,dc=kr
objectClass: inetOrgPerson
uid: twin
cn: 하나
sn: 쌍
userPassword: pw-twin

dn: cn=둘,ou=people,dc=example,dc=kr
objectClass: inetOrgPerson
uid: twin
cn: 둘
sn: 쌍
userPassword: pw-twin

dn: uid=locked,ou=people,dc=example,dc=kr
objectClass: inetOrgPerson
uid: locked
cn: 잠김
sn: 잠

dn: cn=reader,dc=example,dc=kr
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: reader
userPassword: pw-reader

dn: cn=영업,ou=groups,dc=example,dc=kr
objectClass: groupOfNames
cn: 영업
member: uid=kim,ou=people,dc=example,dc=kr
member: uid=a*(b)\\c,ou=people,dc=example,dc=kr

dn: cn=admins,ou=groups,dc=example,dc=kr
objectClass: groupOfNames
cn: admins
member: uid=홍길동,ou=people,dc=example,dc=kr
`

// server is a running slapd.
type server struct {
	plain, tls string // addresses
	roots      *x509.CertPool
}

func start(t *testing.T) server {
	t.Helper()
	out, err := exec.Command("../../../tools/slapd.sh").Output()
	if err != nil {
		if os.Getenv("MALMOI_LDAP") == "required" {
			t.Fatalf("tools/slapd.sh: %v", err)
		}
		t.Skipf("no LDAP server can be installed here: tools/slapd.sh: %v", err)
	}
	slapd := strings.TrimSpace(string(out))
	dir := t.TempDir()
	s := server{plain: "ldap://" + freeAddress(t), tls: "ldaps://" + freeAddress(t), roots: certificate(t, dir)}
	schema, modules := "/etc/ldap/schema", ""
	if _, err := os.Stat(schema); err != nil {
		schema = "/etc/openldap/schema"
	}
	if _, err := os.Stat("/usr/lib/ldap/back_mdb.so"); err == nil {
		modules = "modulepath /usr/lib/ldap\nmoduleload back_mdb\n"
	}
	conf := filepath.Join(dir, "slapd.conf")
	write(t, filepath.Join(dir, "people.ldif"), people)
	write(t, conf, fmt.Sprintf(`include %[1]s/core.schema
include %[1]s/cosine.schema
include %[1]s/inetorgperson.schema
%[2]spidfile %[3]s/slapd.pid
TLSCertificateFile %[3]s/cert.pem
TLSCertificateKeyFile %[3]s/key.pem
TLSCACertificateFile %[3]s/cert.pem
database mdb
maxsize 16777216
suffix "dc=example,dc=kr"
directory %[3]s
access to attrs=userPassword by anonymous auth by * none
access to dn.base="" by * read
access to * by dn.exact="cn=reader,dc=example,dc=kr" read by * auth
`, schema, modules, dir))
	if out, err := exec.Command(slapd, "-T", "add", "-f", conf, "-l", filepath.Join(dir, "people.ldif")).CombinedOutput(); err != nil {
		t.Fatalf("slapadd: %v\n%s", err, out)
	}
	var log strings.Builder
	cmd := exec.Command(slapd, "-f", conf, "-h", s.plain+"/ "+s.tls+"/", "-d", "0")
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	for _, addr := range []string{s.plain, s.tls} {
		await(t, addr[strings.LastIndex(addr, "/")+1:], &log)
	}
	return s
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func await(t *testing.T, addr string, log fmt.Stringer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
		if err == nil {
			c.Close()
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("slapd does not listen on %s\n%s", addr, log)
}

// certificate writes a key and a certificate for 127.0.0.1.
func certificate(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "127.0.0.1"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign | x509.KeyUsageKeyEncipherment}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	write(t, filepath.Join(dir, "cert.pem"), string(cert))
	write(t, filepath.Join(dir, "key.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})))
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(cert)
	return pool
}

func (s server) trust() *tls.Config { return &tls.Config{RootCAs: s.roots} }
