#include "tests/unit/smtp/fake_environment.h"

#include <algorithm>
#include <utility>

namespace gatepost::tests {

using dataplane::AddressResolution;
using dataplane::DeliveryFacts;
using dataplane::FilterVerdict;
using dataplane::LoginOutcome;
using dataplane::MailTarget;
using dataplane::PolicyVerdict;
using dataplane::ResolutionStatus;
using dataplane::SaslMechanism;
using dataplane::StoreStatus;
using dataplane::Task;

namespace {

MailTarget account(uint64_t id, std::string address) {
    return {.account_id = id, .address = std::move(address)};
}

class FakeMessage final : public dataplane::IncomingMessage {
  public:
    explicit FakeMessage(FakeStore& store) : store_(store) { ++store_.under_way; }
    ~FakeMessage() override { --store_.under_way; }

    Task<StoreStatus> add(Bytes octets) override {
        auto& gate = store_.add_gate;  // g++ 12: see reactor/task.h
        co_await gate;
        if (store_.add_status != StoreStatus::ok) co_return store_.add_status;
        store_.largest_piece = std::max(store_.largest_piece, octets.size());
        octets_.append(reinterpret_cast<const char*>(octets.data()), octets.size());
        co_return StoreStatus::ok;
    }
    uint64_t size() const override { return octets_.size(); }
    Task<StoreStatus> commit(Bytes prefix, const storage::Envelope& envelope) override {
        if (store_.commit_status != StoreStatus::ok) co_return store_.commit_status;
        std::string all(reinterpret_cast<const char*>(prefix.data()), prefix.size());
        all += octets_;
        store_.messages.push_back({std::move(all), prefix.size(), envelope});
        co_return StoreStatus::ok;
    }
    Task<StoreStatus> keep(const storage::BlobId& id) override {
        storage::Envelope envelope;
        envelope.id = id;
        StoreStatus kept = co_await commit({}, envelope);
        co_return kept;
    }
    storage::BodyLocation location() const override { return {.size = octets_.size()}; }

  private:
    FakeStore& store_;
    std::string octets_;
};

}  // namespace

void Gate::open() {
    closed = false;
    if (waiter_) std::exchange(waiter_, nullptr).resume();
}

FakeDirectory::FakeDirectory() {
    const MailTarget ada = account(1, "ada@example.org");
    const MailTarget bob = account(2, "bob@example.org");
    entries["ada@example.org"] = {ResolutionStatus::ok, {ada}};
    entries["bob@example.org"] = {ResolutionStatus::ok, {bob}};
    entries["full@example.org"] = {ResolutionStatus::over_quota, {}};
    entries["grüße@example.org"] = {ResolutionStatus::ok, {account(4, "grüße@example.org")}};
    entries["info@example.org"] = {ResolutionStatus::ok, {ada, bob}};
    entries["away@example.org"] = {
        ResolutionStatus::ok,
        {{.kind = MailTarget::Kind::external, .address = "ada@elsewhere.example"}}};
    entries["loop@example.org"] = {ResolutionStatus::loop, {}};
    entries["crowd@example.org"] = {ResolutionStatus::too_many, {}};
    entries["damaged@example.org"] = {ResolutionStatus::damaged, {}};
    entries["nomail@example.org"] = {ResolutionStatus::no_email, {}};
    entries["postmaster"] = {ResolutionStatus::ok, {ada}};
    entries["anything@catch.example"] = {ResolutionStatus::ok, {ada}};
}

std::optional<AddressResolution> FakeDirectory::resolve(const storage::MailAddress& address) {
    if (!loaded) return std::nullopt;
    const auto found = entries.find(address.text());
    if (found != entries.end()) return found->second;
    if (address.domain == "inactive.example")
        return AddressResolution{ResolutionStatus::inactive_domain};
    if (domains.contains(address.domain)) return AddressResolution{ResolutionStatus::no_such_user};
    return AddressResolution{ResolutionStatus::no_such_domain};
}

bool FakeDirectory::may_send_as(uint64_t account_id, const storage::MailAddress& address) {
    const auto found = entries.find(address.text());
    return found != entries.end() &&
           std::ranges::any_of(found->second.targets, [account_id](const MailTarget& target) {
               return target.account_id == account_id;
           });
}

std::unique_ptr<dataplane::IncomingMessage> FakeStore::begin() {
    return std::make_unique<FakeMessage>(*this);
}

Task<Result<storage::Envelope>> FakeStore::read_envelope(const dataplane::SpoolEntry&) {
    co_return fail(ErrorCode::refused, "a session reads no envelopes");
}

Task<int64_t> FakeStore::read_body(const storage::BodyLocation&, uint64_t, std::span<uint8_t>) {
    co_return -1;
}

std::span<const SaslMechanism> FakeLogin::mechanisms() {
    static constexpr SaslMechanism kAll[] = {SaslMechanism::scram_sha_256_plus,
                                             SaslMechanism::scram_sha_256, SaslMechanism::plain,
                                             SaslMechanism::login, SaslMechanism::oauthbearer};
    return kAll;
}

Task<LoginOutcome> FakeLogin::check(const dataplane::LoginClient&, SaslMechanism,
                                    std::string_view login, std::string_view secret) {
    using Status = LoginOutcome::Status;
    if (!available) co_return LoginOutcome{Status::unavailable, 0, std::string(login), "busy"};
    if (login == "suspended@example.org")
        co_return LoginOutcome{Status::wrong, 0, std::string(login), "suspended"};
    const uint64_t id = login == "ada@example.org" ? 1 : login == "bob@example.org" ? 2 : 0;
    if (id == 0 || secret != "secret") co_return LoginOutcome{.user = std::string(login)};
    co_return LoginOutcome{Status::right, id, std::string(login)};
}

Task<LoginOutcome> FakeLogin::find_scram_keys(const dataplane::LoginClient& client,
                                              std::string_view login,
                                              std::optional<storage::ScramKeys>& keys) {
    LoginOutcome who = co_await check(client, SaslMechanism::scram_sha_256, login, "secret");
    if (who.status == LoginOutcome::Status::right)
        keys = storage::derive_scram_keys(storage::ScramHash::sha256, "secret", "sixteen octets!!",
                                          4096);
    co_return who;
}

Task<PolicyVerdict> FakePolicy::verdict(std::string_view hook) {
    const auto found = verdicts.find(hook);
    if (found == verdicts.end()) co_return PolicyVerdict{};
    co_return found->second;
}

Task<> FakePolicy::on_auth_end(const dataplane::SmtpClient&, const LoginOutcome& outcome) {
    ++(outcome.status == LoginOutcome::Status::right ? logins_right : logins_wrong);
    co_return;
}

bool FakePolicy::on_rule(const dataplane::SmtpClient& client, dataplane::SmtpRefusal rule) {
    const std::string_view name = dataplane::smtp_refusal_name(rule);
    ++hits[std::string(name)];
    const auto found = enforced.find(name);
    return found == enforced.end() ? NullPolicy::on_rule(client, rule) : found->second;
}

void FakeScanner::take(Bytes octets) {
    seen_.append(reinterpret_cast<const char*>(octets.data()), octets.size());
}

FilterVerdict FakeScanner::judge(const storage::Envelope&) {
    FilterVerdict verdict;
    if (seen_.find("spam") != std::string::npos) {
        verdict.score = 7;
        verdict.rules = {"words.spam", "list with a space"};
        verdict.folder = "\\Junk";
    }
    if (seen_.find("virus") != std::string::npos) {
        verdict.rules.push_back("attachment.virus");
        verdict.reject = true;
    }
    return verdict;
}

DeliveryFacts FakeScanner::facts(Bytes prefix) {
    return {.message_id = std::to_string(prefix.size()), .subject = seen_};
}

std::unique_ptr<dataplane::MessageScanner> FakeEnvironment::make_scanner() {
    if (!scans) return nullptr;
    return std::make_unique<FakeScanner>();
}

void FakeEnvironment::deliver(const storage::BlobId& id, DeliveryFacts facts) {
    delivered[id] = std::move(facts);
}

storage::BlobId FakeEnvironment::next_blob_id() {
    return {0x0192f0c47b1e7000, 0x8000000000000000 + ++next_id_};
}

}  // namespace gatepost::tests
