#include "tests/unit/stream/dns_rig.h"

#include "storage/base/bytes.h"

namespace gatepost::dataplane {

void DnsRig::serve(TlsContext* tls) {
    session.emplace(Session{.stream = *rig.stream, .client = client, .id = 1, .crowded = crowded});
    rig.serve([this, tls](Stream& stream) -> Task<> {
        StreamStatus status = StreamStatus::ok;
        if (tls != nullptr) status = co_await stream.start_tls(*tls);
        EXPECT_EQ(status, StreamStatus::ok);
        co_await dns.serve(*session);
        end = session->end;
        stream.expect_within(100);
        stream.append_close_notify();
        co_await stream.push();
    });
}

std::string text_of(const Message& message) {
    return {message.begin(), message.end()};
}

uint16_t id_of(const std::string& message) {
    return message.size() < 2 ? uint16_t{0}
                              : load_be16(reinterpret_cast<const uint8_t*>(message.data()));
}

std::string frame_of(uint16_t id, const std::string& label) {
    return text_of(framed(make_query(id, label)));
}

std::vector<std::string> frames_in(std::string_view stream) {
    std::vector<std::string> frames;
    while (stream.size() >= 2) {
        const size_t length = load_be16(reinterpret_cast<const uint8_t*>(stream.data()));
        if (stream.size() < 2 + length) break;
        frames.emplace_back(stream.substr(2, length));
        stream.remove_prefix(2 + length);
    }
    if (!stream.empty()) frames.emplace_back(stream);
    return frames;
}

}  // namespace gatepost::dataplane
