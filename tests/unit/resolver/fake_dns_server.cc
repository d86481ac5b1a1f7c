#include "tests/unit/resolver/fake_dns_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>

#include "storage/base/check.h"

namespace gatepost::tests {

using dataplane::DnsType;

namespace {

constexpr uint16_t kFlags = 0x8180;  // QR, RD, RA

void write_name(ByteWriter& out, std::string_view name) {
    while (!name.empty()) {
        const size_t end = std::min(name.find('.'), name.size());
        out.u8(static_cast<uint8_t>(end));
        out.bytes({reinterpret_cast<const uint8_t*>(name.data()), end});
        name.remove_prefix(std::min(end + 1, name.size()));
    }
    out.u8(0);
}

}  // namespace

FakeRecord a_record(uint8_t last_octet) {
    return {DnsType::a, {192, 0, 2, last_octet}};
}

FakeRecord ptr_record(std::string_view name) {
    FakeRecord record{DnsType::ptr, {}};
    ByteWriter out(record.data);
    write_name(out, name);
    return record;
}

FakeRecord mx_record(std::string_view host) {
    FakeRecord record{DnsType::mx, {}};
    ByteWriter out(record.data);
    out.u16(10);
    write_name(out, host);
    return record;
}

std::vector<uint8_t> dns_reply(std::string_view name, DnsType type, uint16_t rcode,
                               const std::vector<FakeRecord>& records, uint16_t id) {
    std::vector<uint8_t> octets;
    ByteWriter out(octets);
    out.u16(id);
    out.u16(kFlags | rcode);
    out.u16(1);
    out.u16(static_cast<uint16_t>(records.size()));
    out.u16(0);
    out.u16(0);
    write_name(out, name);
    out.u16(static_cast<uint16_t>(type));
    out.u16(1);
    for (const FakeRecord& record : records) {
        out.u16(0xc00c);  // the question's name
        out.u16(static_cast<uint16_t>(record.type));
        out.u16(1);
        out.u32(record.ttl_s);
        out.u16(static_cast<uint16_t>(record.data.size()));
        out.bytes(record.data);
    }
    return octets;
}

FakeDnsServer::FakeDnsServer(Zone zone) : zone_(std::move(zone)) {
    socket_ = UniqueFd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    GATEPOST_CHECK(::bind(socket_.get(), generic, length) == 0 &&
                   ::getsockname(socket_.get(), generic, &length) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
}

FakeDnsServer::~FakeDnsServer() {
    // An empty datagram to itself is the end.
    const UniqueFd sender(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    (void)::sendto(sender.get(), "", 0, 0, reinterpret_cast<sockaddr*>(&address), sizeof address);
    thread_.join();
}

std::string FakeDnsServer::address() const {
    return "127.0.0.1:" + std::to_string(port_);
}

void FakeDnsServer::serve() {
    for (;;) {
        std::vector<uint8_t> query(512);
        sockaddr_storage client{};
        socklen_t length = sizeof client;
        auto* generic = reinterpret_cast<sockaddr*>(&client);
        const ssize_t got =
            ::recvfrom(socket_.get(), query.data(), query.size(), 0, generic, &length);
        if (got <= 0) return;
        query.resize(static_cast<size_t>(got));
        const std::vector<uint8_t> octets = reply(std::move(query));
        ++asked_;  // before anybody can have the answer
        if (!octets.empty())
            (void)::sendto(socket_.get(), octets.data(), octets.size(), 0, generic, length);
    }
}

std::vector<uint8_t> FakeDnsServer::reply(std::vector<uint8_t> query) const {
    ByteReader in(query);
    const uint16_t id = in.u16();
    in.bytes(10);
    std::string name;
    for (uint8_t length = in.u8(); in.ok() && length != 0; length = in.u8()) {
        const Bytes label = in.bytes(length);
        if (!name.empty()) name += '.';
        name.append(label.begin(), label.end());
    }
    const auto type = static_cast<DnsType>(in.u16());
    if (std::ranges::find(zone_.silent, name) != zone_.silent.end()) return {};
    if (std::ranges::find(zone_.broken, name) != zone_.broken.end())
        return dns_reply(name, type, 2, {}, id);
    const auto found = zone_.records.find(name);
    if (found == zone_.records.end()) return dns_reply(name, type, 3, {}, id);
    std::vector<FakeRecord> records;
    for (const FakeRecord& record : found->second)
        if (record.type == type) records.push_back(record);
    return dns_reply(name, type, 0, records, id);
}

}  // namespace gatepost::tests
