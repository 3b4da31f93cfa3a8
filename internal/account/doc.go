// Package account knows who may use a site: users, groups and roles, sign-in,
// sessions, API keys, invitations, quotas and the audit log. It does not know
// HTTP, SQL or what people do with the models. Service is the way in; its
// rows are kept by a Store that somebody else implements.
package account
