// What DNS has to say about a client and a sender: the rules helo_syntax (which needs none),
// reverse_dns, forward_confirmed_reverse_dns, helo_resolves, sender_domain_resolves and dns_list.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/policy/current_policy.h"
#include "dataplane/reactor/task.h"
#include "dataplane/resolver/dns_client.h"
#include "dataplane/smtp/reply.h"
#include "dataplane/stream/stream_session.h"

namespace gatepost::dataplane {

// A rule that is not fulfilled, and what the client would be told.
struct PolicyHit {
    storage::PolicyRule rule = storage::PolicyRule::dns_list;
    SmtpReply reply = {};
    // Counted and logged, and nothing else, whatever the rule's mode: lists that are only
    // monitored have it.
    bool monitor_only = false;
};

struct JudgedClient {
    PeerAddress address;
    std::string helo;
    std::string reverse_path;  // without <>; "": the null reverse-path
};

// Of a host's names, as many are looked up (RFC 1912 §2.1: there should be one).
inline constexpr size_t kReverseNamesMax = 5;

// Whether the argument of EHLO is a name or an address that a mail server can have (RFC 5321
// §4.1.4): one of at least two labels that is not `server_name`, or an address literal.
bool is_helo_fit(std::string_view helo, std::string_view server_name);

// All hits of rules that are not off, in the order above. Asks twice at most, each time everything
// at once; where DNS gives no answer, a rule is fulfilled unless its setting says to defer.
Task<std::vector<PolicyHit>> judge_by_dns(std::shared_ptr<const LoadedPolicy> policy,
                                          JudgedClient client, std::string_view server_name,
                                          DnsClient& dns);

}  // namespace gatepost::dataplane
