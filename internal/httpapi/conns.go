package httpapi

import (
	"net"
	"sync"
)

// limitConns bounds the connections that are open at the same time; more wait
// in the kernel's queue until one closes.
func limitConns(ln net.Listener, n int) net.Listener {
	return &connLimiter{Listener: ln, free: make(chan struct{}, n), closed: make(chan struct{})}
}

type connLimiter struct {
	net.Listener
	free   chan struct{}
	closed chan struct{}
	once   sync.Once
}

func (l *connLimiter) Accept() (net.Conn, error) {
	select {
	case l.free <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.free
		return nil, err
	}
	return &countedConn{Conn: c, release: sync.OnceFunc(func() { <-l.free })}, nil
}

func (l *connLimiter) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

type countedConn struct {
	net.Conn
	release func()
}

func (c *countedConn) Close() error {
	defer c.release()
	return c.Conn.Close()
}

// CloseWrite lets net/http half-close the connection, so that a client that is
// still sending its body can read why it was refused.
func (c *countedConn) CloseWrite() error {
	if h, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return h.CloseWrite()
	}
	return nil
}
