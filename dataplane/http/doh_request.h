// DNS over HTTPS (RFC 8484): from a request to the DNS query in it, and from a DNS reply to the
// response.
#pragma once

#include "dataplane/http/doh_burst.h"
#include "dataplane/http/http_host.h"
#include "dataplane/http/request.h"
#include "dataplane/http/response.h"

namespace gatepost::dataplane {

// /dns-query, and the path that clients of the incumbent know.
bool is_doh_path(std::string_view path);

// `room`: DohBurst::room().
Verdict judge_doh(const HttpRequest& request, uint8_t* room, HttpResponse& response,
                  DohQuery& query);
// A POST's body into `room`. False: the response says why not.
bool take_doh_body(Bytes body, uint8_t* room, DohQuery& query, HttpResponse& response);
void finish_doh(const DohBurst::Entry& entry, HttpResponse& response);

}  // namespace gatepost::dataplane
