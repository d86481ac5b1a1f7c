// A DNS server on 127.0.0.1 over UDP, in a thread: answers what it is told, counts what it is
// asked.
#pragma once

#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "dataplane/resolver/dns_answer.h"
#include "storage/base/unique_fd.h"

namespace gatepost::tests {

struct FakeRecord {
    dataplane::DnsType type = dataplane::DnsType::a;
    std::vector<uint8_t> data;
    uint32_t ttl_s = 60;
};

FakeRecord a_record(uint8_t last_octet);  // 192.0.2.N
FakeRecord ptr_record(std::string_view name);
FakeRecord mx_record(std::string_view host);

class FakeDnsServer {
  public:
    // Names in lower case. One of `silent` is never answered, one of `broken` with SERVFAIL; one
    // that is not there with NXDOMAIN.
    struct Zone {
        std::map<std::string, std::vector<FakeRecord>> records;
        std::vector<std::string> silent;
        std::vector<std::string> broken;
    };
    explicit FakeDnsServer(Zone zone);
    ~FakeDnsServer();

    std::string address() const;  // "127.0.0.1:5353"
    unsigned asked() const { return asked_; }

  private:
    void serve();
    std::vector<uint8_t> reply(std::vector<uint8_t> query) const;

    Zone zone_;
    UniqueFd socket_;
    uint16_t port_ = 0;
    std::atomic<unsigned> asked_{0};
    std::thread thread_;
};

// A reply without a server, to a question for `name`.
std::vector<uint8_t> dns_reply(std::string_view name, dataplane::DnsType type, uint16_t rcode,
                               const std::vector<FakeRecord>& records, uint16_t id = 0);

}  // namespace gatepost::tests
