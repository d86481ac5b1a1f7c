#include "tools/load/query/query_message.h"

#include "storage/base/bytes.h"

namespace gatepost::tools {

namespace {

constexpr uint16_t kRecursionDesired = 0x0100;
constexpr uint32_t kDnssecOk = 0x8000;  // RFC 6891 §6.1.4, RFC 3225 §3
constexpr uint16_t kOptionCookie = 10;  // RFC 7873 §4
constexpr size_t kOptLength = 11;       // an OPT record without options
constexpr size_t kOptionHeader = 4;
// What resolvers ask with where nothing else is said (DNS flag day 2020).
constexpr uint16_t kUdpPayload = 1232;

}  // namespace

void append_query(const Question& question, const QueryMessageOptions& options,
                  std::vector<uint8_t>& out) {
    ByteWriter writer(out);
    writer.u16(0);
    writer.u16(options.recursion_desired ? kRecursionDesired : 0);
    writer.u16(1);
    writer.u16(0);
    writer.u16(0);
    writer.u16(options.edns() ? 1 : 0);
    writer.bytes(question.name.wire());
    writer.u16(static_cast<uint16_t>(question.type));
    writer.u16(storage::kClassIn);
    if (!options.edns()) return;
    writer.u8(0);  // the root
    writer.u16(static_cast<uint16_t>(storage::RRType::OPT));
    writer.u16(options.udp_payload != 0 ? options.udp_payload : kUdpPayload);
    writer.u32(options.dnssec_ok ? kDnssecOk : 0);
    if (!options.client_cookie) {
        writer.u16(0);
        return;
    }
    const auto& cookie = *options.client_cookie;
    writer.u16(static_cast<uint16_t>(kOptionHeader + cookie.size()));
    writer.u16(kOptionCookie);
    writer.u16(static_cast<uint16_t>(cookie.size()));
    writer.bytes(cookie);
}

size_t query_length(const Question& question, const QueryMessageOptions& options) {
    size_t length = kDnsHeaderLength + question.name.length() + 4;
    if (options.edns()) length += kOptLength;
    if (options.client_cookie) length += kOptionHeader + options.client_cookie->size();
    return length;
}

}  // namespace gatepost::tools
