// A connection of HTTP/1.1: whatever comes, in whatever pieces, the responses are well-formed, the
// same, and nothing is left behind.
//
// The first octet of the input says how: bits 0 and 1 choose the site, the others the size of the
// pieces.
#include <algorithm>

#include "storage/base/check.h"
#include "tests/unit/http/http_rig.h"

using namespace gatepost;
using namespace gatepost::tests;

namespace {

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

HttpRig& rig_of(dataplane::HttpSite site) {
    static std::map<dataplane::HttpSite, HttpRig*>* const kRigs =
        new std::map<dataplane::HttpSite, HttpRig*>;
    HttpRig*& rig = (*kRigs)[site];
    if (rig == nullptr) {
        rig = new HttpRig({.site = site, .transport_security_s = 60});
        rig->environment.add_redirect("old.example", {.url = "https://new.example"});
        rig->environment.add_challenge("a.example/token", "token.thumbprint");
    }
    return *rig;
}

std::string run(HttpRig& rig, std::string_view octets, size_t piece) {
    std::string sent;
    {
        HttpConnection connection(rig.environment, *rig.service);
        connection.transport.receive_max = piece;
        connection.transport.arrive_end();
        sent = connection.play(octets);
        GATEPOST_CHECK(connection.has_ended());
    }
    GATEPOST_CHECK(rig.environment.pool.used_octets() == 0);
    rig.environment.bursts.clear();
    // Said only where the body has not come yet.
    for (size_t at; (at = sent.find(kContinue)) != std::string::npos;)
        sent.erase(at, kContinue.size());
    return sent;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0 || size > 40'000) return 0;
    auto site = static_cast<dataplane::HttpSite>(std::min(data[0] & 3, 2));
    std::string_view octets(reinterpret_cast<const char*>(data + 1), size - 1);
    if (octets.starts_with("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")) return 0;  // see fuzz_http2
    HttpRig& rig = rig_of(site);
    const std::string whole = run(rig, octets, 65'536);
    const std::string pieces = run(rig, octets, 1U + (data[0] >> 2));
    // /metrics counts the requests for it.
    GATEPOST_CHECK(pieces == whole || site == dataplane::HttpSite::admin);
    // Responses to HEAD are without their bodies: it is not known here which these are.
    if (octets.find("HEAD") != std::string_view::npos) return 0;
    for (const HttpText& response : read_responses(whole))
        GATEPOST_CHECK(response.status >= 200 && response.status < 600);
    return 0;
}
