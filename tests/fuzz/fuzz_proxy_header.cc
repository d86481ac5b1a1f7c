// PROXY headers: whatever comes, and in whatever pieces, the outcome is the same, and says how many
// octets it is about.
#include <cstdlib>
#include <vector>

#include "dataplane/stream/proxy_header.h"
#include "storage/base/check.h"

using namespace gatepost;
using dataplane::ProxyHeader;
using Outcome = dataplane::ProxyHeader::Outcome;

namespace {

// In a buffer of exactly its size, so that AddressSanitizer sees a read behind it.
ProxyHeader parse(Bytes octets) {
    const std::vector<uint8_t> exact(octets.begin(), octets.end());
    return dataplane::parse_proxy_header(exact);
}

bool is_same(const ProxyHeader& a, const ProxyHeader& b) {
    if (a.outcome != b.outcome || a.length != b.length) return false;
    return a.outcome != Outcome::proxied ||
           (a.client.text() == b.client.text() && a.client.port == b.client.port &&
            a.client.family == b.client.family);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size > 2 * dataplane::kProxyHeaderMax) return 0;
    const Bytes input(data, size);
    const ProxyHeader whole = parse(input);
    if (whole.outcome == Outcome::incomplete)
        GATEPOST_CHECK(whole.length > size && whole.length <= dataplane::kProxyHeaderMax);
    if (whole.outcome == Outcome::proxied || whole.outcome == Outcome::local) {
        GATEPOST_CHECK(whole.length >= dataplane::kProxyHeaderFixed && whole.length <= size);
        GATEPOST_CHECK(is_same(whole, parse(input.first(whole.length))));
    }
    // As it comes: incomplete until it is decided, and then for good.
    size_t needed = 1;
    for (size_t length = 0; length <= size; ++length) {
        const ProxyHeader part = parse(input.first(length));
        if (part.outcome == Outcome::incomplete) {
            needed = part.length;
            GATEPOST_CHECK(needed > length);
            continue;
        }
        GATEPOST_CHECK(is_same(part, whole));
        if (part.outcome != Outcome::broken) GATEPOST_CHECK(length == needed);
        break;
    }
    return 0;
}
