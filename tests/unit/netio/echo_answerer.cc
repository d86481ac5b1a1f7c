#include "tests/unit/netio/echo_answerer.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "storage/base/bytes.h"
#include "tests/support/allocation_counter.h"

namespace gatepost::dataplane {

namespace {

constexpr uint8_t kQr = 0x80;

}  // namespace

Message make_query(uint16_t id, const std::string& label) {
    Message query(12, 0);
    store_be16(query.data(), id);
    query[5] = 1;
    query.push_back(static_cast<uint8_t>(label.size()));
    query.insert(query.end(), label.begin(), label.end());
    for (uint8_t octet : {0, 0, 1, 0, 1}) query.push_back(octet);
    return query;
}

uint16_t id_of(const Message& message) {
    return message.size() < 2 ? 0 : load_be16(message.data());
}

void EchoAnswerer::answer(std::span<Exchange> burst) {
    const uint64_t before = tests::allocation_count();
    bursts.fetch_add(1);
    if (burst.size() > burst_max) burst_max = burst.size();
    for (Exchange& one : burst) {
        std::string_view label;
        if (one.query_length > 13)
            label = {reinterpret_cast<const char*>(one.query) + 13, one.query[12]};
        size_t length = one.query_length;
        if (label == "drop") length = 0;
        if (label.starts_with("pad")) length = std::strtoul(label.substr(3).data(), nullptr, 10);
        length = std::min<size_t>(length, one.reply_capacity);
        size_t echoed = std::min<size_t>(length, one.query_length);
        std::memmove(one.reply, one.query, echoed);
        std::memset(one.reply + echoed, 0xab, length - echoed);
        if (label == "who" && one.client != nullptr) {
            size_t size = one.family == Family::ipv4 ? 4 : 16;
            std::memcpy(one.reply + length, one.client, size);
            length += size;
        }
        if (length >= 3) one.reply[2] |= kQr;
        one.reply_length = static_cast<uint16_t>(length);
    }
    queries.fetch_add(burst.size());
    static thread_local uint64_t last = before;
    allocations.fetch_add(before - last);
    last = tests::allocation_count();
}

Message framed(const Message& message) {
    Message frame(2 + message.size());
    store_be16(frame.data(), static_cast<uint16_t>(message.size()));
    std::copy(message.begin(), message.end(), frame.begin() + 2);
    return frame;
}

}  // namespace gatepost::dataplane
