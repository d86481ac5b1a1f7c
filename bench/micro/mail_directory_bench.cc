// Nanoseconds of RCPT's question, whom mail for an address is for, with a million accounts and a
// million aliases in a thousand domains; and octets per entry. Beside it what a table in the manner
// of postmap does at least: std::unordered_map from address to target, one look-up each for the
// domain, the alias and the account, nothing followed. Which address is next depends on the answer
// before, so that look-ups do not overlap.
//
// Budget: 2 µs, and 256 octets an entry beside the hash.
#include <benchmark/benchmark.h>

#include <fmt/format.h>
#include <random>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "dataplane/mail_directory/mail_directory.h"
#include "storage/arena/runtime_page.h"
#include "storage/base/check.h"
#include "storage/directory/directory_writer.h"

namespace {

using namespace gatepost;
using namespace gatepost::storage;
using dataplane::MailDirectory;

constexpr size_t kEntries = 1'000'000;  // accounts, and as many aliases
constexpr size_t kDomains = 1'000;
constexpr size_t kProbes = 1 << 16;  // addresses asked for in turn, drawn at random
constexpr std::string_view kHash =
    "{ARGON2ID}$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2E$"
    "aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g";

enum Probe : int64_t { kAccount, kAlias, kSubaddress, kMissing, kForeign };

std::string domain_of(size_t number) {
    return fmt::format("d{}.example", number % kDomains);
}
std::string account_of(size_t number) {
    return fmt::format("user{}@{}", number, domain_of(number));
}
std::string alias_of(size_t number) {
    return fmt::format("alias{}@{}", number, domain_of(number));
}

std::string probe_of(Probe probe, size_t number) {
    switch (probe) {
        case kAccount:
            return account_of(number);
        case kAlias:
            return alias_of(number);
        case kSubaddress:
            return fmt::format("user{}+list@{}", number, domain_of(number));
        case kMissing:
            return account_of(number + kEntries);
        case kForeign:
            break;
    }
    return fmt::format("user{}@foreign{}.example", number, number % kDomains);
}

std::vector<MailAddress> probes(Probe probe) {
    std::mt19937_64 random(7);
    std::vector<MailAddress> addresses;
    for (size_t i = 0; i < kProbes; ++i) {
        const std::string text = probe_of(probe, random() % kEntries);
        addresses.push_back(parse_mail_address(text, AddressForm::ascii).value());
    }
    return addresses;
}

struct Directory {
    Directory() : page(RuntimeMapping::create().value()) {
        auto segment = Segment::create("mail-directory-bench", size_t{1} << 30, PageKind::plain);
        GATEPOST_CHECK(segment.has_value());
        writer = std::move(
            DirectoryWriter::create(std::move(*segment), page->qsbr, 1, 2 * kEntries).value());
        for (size_t i = 0; i < kDomains; ++i)
            put(EntryKind::mail_domain, domain_of(i),
                encode(MailDomain{.id = i + 1, .subaddress_delimiters = "+"}));
        MailAccount account{.quota_bytes = uint64_t{5} << 30};
        account.credentials.push_back({.hash = kHash});
        for (size_t i = 0; i < kEntries; ++i) {
            account.id = i + 1;
            account.credentials[0].id = i + 1;
            put(EntryKind::mail_account, account_of(i), encode(account));
            const std::string target = account_of(i);
            put(EntryKind::mail_alias, alias_of(i), encode(MailAlias{{target}}));
        }
        writer->publish({});
    }
    void put(EntryKind kind, const std::string& key, const std::vector<uint8_t>& value) {
        GATEPOST_CHECK(writer->put(kind, key, value).has_value());
    }
    // One for all benchmarks: it takes a while to make.
    static const Directory& get() {
        static const Directory directory;
        return directory;
    }

    RuntimeMapping page;
    std::unique_ptr<DirectoryWriter> writer;
};

void mail_directory_resolve(benchmark::State& state) {
    const Directory& directory = Directory::get();
    const auto addresses = probes(static_cast<Probe>(state.range(0)));
    const MailDirectory mail(directory.writer->view());
    size_t next = 0;
    for (auto _ : state) {
        const auto resolution = mail.resolve(addresses[next % kProbes]);
        next += 1 + resolution.targets.size();
    }
    const auto stats = directory.writer->stats();
    state.counters["octets_per_entry"] = static_cast<double>(stats.used_bytes - stats.free_bytes) /
                                         static_cast<double>(stats.entries);
}

void mail_directory_may_send_as(benchmark::State& state) {
    const Directory& directory = Directory::get();
    const auto addresses = probes(static_cast<Probe>(state.range(0)));
    const MailDirectory mail(directory.writer->view());
    size_t next = 0;
    for (auto _ : state) next += mail.may_send_as(7, addresses[next % kProbes]) ? 1 : 3;
}

struct Maps {
    Maps() {
        for (size_t i = 0; i < kDomains; ++i) domains.insert(domain_of(i));
        accounts.reserve(kEntries);
        aliases.reserve(kEntries);
        for (size_t i = 0; i < kEntries; ++i) {
            accounts.emplace(account_of(i), i + 1);
            aliases.emplace(alias_of(i), account_of(i));
        }
    }
    static const Maps& get() {
        static const Maps maps;
        return maps;
    }

    std::unordered_set<std::string> domains;
    std::unordered_map<std::string, uint64_t> accounts;
    std::unordered_map<std::string, std::string> aliases;
};

void unordered_map_find(benchmark::State& state) {
    const Maps& maps = Maps::get();
    const auto addresses = probes(static_cast<Probe>(state.range(0)));
    size_t next = 0;
    for (auto _ : state) {
        const MailAddress& address = addresses[next % kProbes];
        ++next;
        if (!maps.domains.contains(address.domain)) continue;
        const std::string key = address.local_part + "@" + address.domain;
        if (const auto alias = maps.aliases.find(key); alias != maps.aliases.end())
            next += maps.accounts.count(alias->second);
        else
            next += maps.accounts.count(key);
    }
}

void probes_of(benchmark::internal::Benchmark* run) {
    run->ArgName("probe");
    for (const Probe probe : {kAccount, kAlias, kSubaddress, kMissing, kForeign}) run->Arg(probe);
}

BENCHMARK(mail_directory_resolve)->Apply(probes_of);
BENCHMARK(mail_directory_may_send_as)->ArgName("probe")->Arg(kAccount);
BENCHMARK(unordered_map_find)->Apply(probes_of);

}  // namespace

BENCHMARK_MAIN();
