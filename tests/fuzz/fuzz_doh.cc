// Requests of DNS over HTTPS: parameters of a URL, bodies, and the JSON form of replies.
//
// The first octet of the input says what the rest is: 0 the parameters of a GET, 1 the body of a
// POST, 2 a DNS message that a GET carries, 3 a DNS reply that is to become JSON.
#include "dataplane/http/base64url.h"
#include "dataplane/http/dns_freshness.h"
#include "dataplane/http/dns_json.h"
#include "storage/base/check.h"
#include "tests/support/dns_text.h"
#include "tests/unit/http/http_rig.h"

using namespace gatepost;
using namespace gatepost::tests;

namespace {

HttpText ask(const std::string& request) {
    static HttpRig* const kRig = new HttpRig();
    std::string sent;
    {
        HttpConnection connection(kRig->environment, *kRig->service);
        sent = connection.play(request);
    }
    GATEPOST_CHECK(kRig->environment.pool.used_octets() == 0);
    kRig->environment.bursts.clear();
    return read_response(sent);
}

void check(HttpText response) {
    if (response.status == 0) return;  // the fuzzer's octets have made another request of it
    GATEPOST_CHECK(response.status >= 200 && response.status < 600);
    if (response.fields["content-type"] != "application/dns-message") return;
    GATEPOST_CHECK(response.status == 200);
    GATEPOST_CHECK(read_reply(to_bytes(response.body)).error.empty());
    GATEPOST_CHECK(response.fields["cache-control"].starts_with("max-age="));
}

void check_json(Bytes reply) {
    static TestEnvironment* const kEnvironment = new TestEnvironment();
    dataplane::freshness_s(reply);
    dataplane::ChunkQueue text(kEnvironment->pool);
    dataplane::TextWriter out(text);
    bool fine = dataplane::write_json_reply(reply, out);
    std::string json;
    for (; !text.empty(); text.consume(text.front().size())) json += to_string(text.front());
    for (char c : json) GATEPOST_CHECK((c >= 0x20 && c < 0x7f) || c == '\n');
    if (fine) GATEPOST_CHECK(json.starts_with("{\"Status\":") && json.ends_with("}\n"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0 || size > 70'000) return 0;
    const Bytes rest(data + 1, size - 1);
    const std::string text = to_string(rest);
    constexpr char kPost[] =
        "POST /dns-query HTTP/1.1\r\nHost: a\r\nContent-Type: application/dns-message\r\n";
    switch (data[0] & 3) {
        case 0:
            check(ask("GET /dns-query?" + text + " HTTP/1.1\r\nHost: a\r\n\r\n"));
            break;
        case 1:
            check(ask(kPost + ("Content-Length: " + std::to_string(text.size())) + "\r\n\r\n" +
                      text));
            break;
        case 2: {
            std::string encoded = base64url(rest);
            std::vector<uint8_t> decoded(encoded.size());
            auto length = dataplane::decode_base64url(encoded, decoded.data());
            GATEPOST_CHECK(length == rest.size() &&
                           std::equal(rest.begin(), rest.end(), decoded.begin()));
            check(ask("GET /dns/query?dns=" + encoded + " HTTP/1.1\r\nHost: a\r\n\r\n"));
            break;
        }
        case 3:
            check_json(rest);
            break;
    }
    return 0;
}
