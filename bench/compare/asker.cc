#include "bench/compare/asker.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "storage/base/bytes.h"

namespace gatepost::bench {

namespace {

constexpr size_t kHeaderLength = 12;  // RFC 1035 §4.1.1
constexpr uint16_t kTypeA = 1;
constexpr uint16_t kClassIn = 1;
constexpr uint16_t kResponseFlag = 0x8000;
constexpr int kReceiveBuffer = 4 << 20;  // octets: a burst of replies must find room

Result<sockaddr_in> server_address(const std::string& text) {
    const size_t at = text.find('@');
    sockaddr_in address{};
    address.sin_family = AF_INET;
    uint16_t port = 0;
    const std::string host = text.substr(0, at);
    if (at == std::string::npos || ::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1 ||
        std::from_chars(text.data() + at + 1, text.data() + text.size(), port).ec != std::errc())
        return fail(ErrorCode::usage, "\"{}\" is no server such as 127.0.0.1@5300", text);
    address.sin_port = htons(port);
    return address;
}

}  // namespace

Result<Asker> Asker::open(const std::string& server) {
    auto address = server_address(server);
    if (!address) return tl::unexpected(address.error());
    UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket ||
        ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0)
        return fail(ErrorCode::unreachable, "UDP socket to {}: {}", server, std::strerror(errno));
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBuffer, sizeof kReceiveBuffer);
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer);
    return Asker(std::move(socket));
}

void Asker::ask(uint16_t id, storage::DnameView name) {
    std::array<uint8_t, kHeaderLength + storage::kDnameLengthMax + 4> message{};
    store_be16(message.data(), id);
    store_be16(message.data() + 4, 1);  // QDCOUNT
    uint8_t* at = message.data() + kHeaderLength;
    std::memcpy(at, name.data(), name.length());
    store_be16(at + name.length(), kTypeA);
    store_be16(at + name.length() + 2, kClassIn);
    const size_t length = kHeaderLength + name.length() + 4;
    // A port where nobody listens yet, or a full buffer: the caller asks again anyway.
    [[maybe_unused]] ssize_t sent = ::send(socket_.get(), message.data(), length, 0);
}

std::optional<Reply> Asker::take() {
    std::array<uint8_t, 4096> buffer;
    while (true) {
        const ssize_t got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
        if (got < 0) return std::nullopt;
        if (auto reply = parse_reply({buffer.data(), static_cast<size_t>(got)})) return reply;
    }
}

std::optional<Reply> parse_reply(Bytes message) {
    ByteReader header(message);
    Reply reply{.id = header.u16()};
    const uint16_t flags = header.u16();
    const uint16_t questions = header.u16();
    const uint16_t answers = header.u16();
    if (message.size() < kHeaderLength || (flags & kResponseFlag) == 0 || questions > 1)
        return std::nullopt;
    size_t at = kHeaderLength;
    if (questions == 1) {
        if (!storage::dname_from_message(message, at, &at)) return std::nullopt;
        at += 4;
    }
    for (uint16_t i = 0; i < answers; ++i) {
        if (!storage::dname_from_message(message, at, &at) || at > message.size())
            return std::nullopt;
        ByteReader record(message.subspan(at));
        const uint16_t type = record.u16();
        record.bytes(6);  // class, TTL
        const Bytes data = record.bytes(record.u16());
        if (!record.ok()) return std::nullopt;
        if (type == kTypeA && data.size() == 4) {
            reply.address = load_be32(data.data());
            return reply;
        }
        at += record.position();
    }
    return reply;
}

}  // namespace gatepost::bench
