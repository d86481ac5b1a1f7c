// How lists are asked by DNS, and what their answers mean (RFC 5782).
#pragma once

#include <optional>
#include <string>

#include "dataplane/resolver/dns_answer.h"
#include "dataplane/stream/stream_session.h"
#include "storage/policy/policy_entry.h"

namespace gatepost::dataplane {

// "1.2.0.192.in-addr.arpa" (RFC 1035 §3.5, RFC 3596 §2.5).
std::string reverse_name(const PeerAddress& address);
// "1.2.0.192.list.example" (RFC 5782 §2.1, §2.4).
std::string address_list_name(const PeerAddress& address, std::string_view zone);
// "example.org.list.example" (RFC 5782 §2.2).
std::string domain_list_name(std::string_view domain, std::string_view zone);

// The answer by which the list has it, "127.0.0.2"; nullopt: it has not. Answers outside of
// 127.0.0.0/8 are none: the zone is somebody else's by now. Nor are, unless a code asks for
// them, those of 127.255.255.0/24, by which the large lists tell that they refuse the question.
std::optional<std::string> listed_as(const storage::DnsList& list, const DnsAnswer& answer);

}  // namespace gatepost::dataplane
