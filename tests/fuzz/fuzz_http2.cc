// A connection of HTTP/2 behind its preface: whatever comes, in whatever pieces, it ends when the
// client does, within bounds, and nothing is left behind.
//
// The first octet of the input is the size of the pieces.
#include "storage/base/check.h"
#include "tests/unit/http/http2_client.h"

using namespace gatepost;
using namespace gatepost::tests;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0 || size > 200'000) return 0;
    static HttpRig* const kRig = new HttpRig();
    {
        HttpConnection connection(kRig->environment, *kRig->service);
        connection.transport.receive_max = 1U + data[0] * 64U;
        connection.play(kHttp2Preface);
        connection.play({reinterpret_cast<const char*>(data + 1), size - 1});
        GATEPOST_CHECK(kRig->environment.pool.used_octets() < size_t{4} << 20);
        connection.arrive_end();
        GATEPOST_CHECK(connection.has_ended());
    }
    GATEPOST_CHECK(kRig->environment.pool.used_octets() == 0);
    kRig->environment.bursts.clear();
    return 0;
}
