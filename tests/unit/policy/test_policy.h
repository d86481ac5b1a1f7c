// A worker's policy with a clock, a resolver and a directory of a test.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/policy/mail_policy.h"
#include "storage/arena/runtime_page.h"
#include "storage/base/check.h"
#include "storage/directory/directory_writer.h"

namespace gatepost::dataplane::tests {

inline PeerAddress peer(std::initializer_list<uint8_t> octets) {
    PeerAddress address;
    address.family = octets.size() == 4 ? Family::ipv4 : Family::ipv6;
    std::ranges::copy(octets, address.octets);
    return address;
}

inline DnsAnswer found(std::initializer_list<std::initializer_list<uint8_t>> addresses) {
    DnsAnswer answer{.status = DnsAnswer::Status::found};
    for (const auto& octets : addresses) {
        DnsAddress address{.ipv6 = octets.size() == 16};
        std::ranges::copy(octets, address.octets.begin());
        answer.addresses.push_back(address);
    }
    return answer;
}
inline DnsAnswer found_names(std::vector<std::string> names) {
    return {.status = DnsAnswer::Status::found, .texts = std::move(names)};
}

// Answers at once; what it does not know does not exist.
class FakeDns final : public DnsClient {
  public:
    Task<std::vector<DnsAnswer>> ask(std::vector<DnsQuestion> questions) override {
        ++rounds;
        std::vector<DnsAnswer> result;
        for (const DnsQuestion& question : questions) {
            asked.push_back(question.name);
            const auto known = answers.find({question.name, question.type});
            result.push_back(known != answers.end() ? known->second
                                                    : DnsAnswer{.status = otherwise});
        }
        co_return result;
    }
    void set(const std::string& name, DnsType type, DnsAnswer answer) {
        answers[{name, type}] = std::move(answer);
    }

    std::map<std::pair<std::string, DnsType>, DnsAnswer> answers;
    DnsAnswer::Status otherwise = DnsAnswer::Status::none;
    std::vector<std::string> asked;
    int rounds = 0;
};

// A policy in a directory arena.
class TestPolicyDirectory {
  public:
    TestPolicyDirectory() : page_(storage::RuntimeMapping::create().value()) {
        auto segment =
            storage::Segment::create("policy-test", size_t{64} << 20, storage::PageKind::plain);
        writer_ = std::move(
            storage::DirectoryWriter::create(std::move(segment.value()), page_->qsbr, 1).value());
        view_.emplace(writer_->view());
    }
    void put(const storage::PolicyEntry& entry) { put_octets(storage::encode(entry)); }
    void put_octets(const std::vector<uint8_t>& octets) {
        GATEPOST_CHECK(
            writer_->put(storage::EntryKind::mail_policy, storage::kPolicyKey, octets).has_value());
    }
    DirectoryNow now() { return {&*view_, 1}; }

  private:
    storage::RuntimeMapping page_;
    std::unique_ptr<storage::DirectoryWriter> writer_;
    std::optional<storage::DirectoryView> view_;
};

// What a task that does not wait gives.
template <typename T>
T result_of(Task<T> task) {
    std::optional<T> result;
    auto body = [&]() -> Task<> { result = co_await std::move(task); };
    Task<> all = body();
    all.start();
    GATEPOST_CHECK(result.has_value());
    return std::move(*result);
}

}  // namespace gatepost::dataplane::tests
