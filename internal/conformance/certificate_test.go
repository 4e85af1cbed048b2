package conformance

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"sync"
	"time"
)

// identity is a certificate that signs itself, and the pool that trusts it.
type identity struct {
	certificate tls.Certificate
	pool        *x509.CertPool
}

var (
	trusted  = sync.OnceValue(newIdentity)
	stranger = sync.OnceValue(newIdentity)
)

func newIdentity() identity {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:         true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	id := identity{tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, x509.NewCertPool()}
	id.pool.AddCert(certificate)
	return id
}

// config is that of a server with this identity, which speaks one protocol.
func (id identity) config(http2 bool) *tls.Config {
	protocol := map[bool]string{false: "http/1.1", true: "h2"}[http2]
	return &tls.Config{Certificates: []tls.Certificate{id.certificate}, NextProtos: []string{protocol}}
}
