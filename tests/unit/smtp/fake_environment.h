// All that a session of SMTP asks of its worker, in memory and as a test wants it.
#pragma once

#include <coroutine>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/smtp/null_policy.h"
#include "dataplane/smtp/smtp_environment.h"

namespace gatepost::tests {

// example.org with the accounts ada (1), bob (2), full (3, over its quota) and grüße (4), who log
// in with the password "secret" (suspended@example.org cannot), and some aliases.
class FakeDirectory final : public dataplane::RecipientLookup {
  public:
    FakeDirectory();
    std::optional<dataplane::AddressResolution> resolve(
        const storage::MailAddress& address) override;
    bool may_send_as(uint64_t account_id, const storage::MailAddress& address) override;

    bool loaded = true;
    std::map<std::string, dataplane::AddressResolution> entries;
    std::set<std::string> domains = {"example.org", "catch.example", "inactive.example"};
};

// Lets a test hold up whoever waits for it.
class Gate {
  public:
    bool await_ready() const { return !closed; }
    void await_suspend(std::coroutine_handle<> waiter) { waiter_ = waiter; }
    void await_resume() const {}
    void open();
    bool is_waited_for() const { return static_cast<bool>(waiter_); }

    bool closed = false;

  private:
    std::coroutine_handle<> waiter_;
};

struct StoredMessage {
    std::string octets;
    size_t prefix = 0;
    storage::Envelope envelope;
};

class FakeStore final : public dataplane::MessageStore {
  public:
    std::unique_ptr<dataplane::IncomingMessage> begin() override;
    void done(const dataplane::SpoolEntry&) override {}
    dataplane::Task<Result<storage::Envelope>> read_envelope(const dataplane::SpoolEntry&) override;
    dataplane::Task<int64_t> read_body(const storage::BodyLocation&, uint64_t,
                                       std::span<uint8_t>) override;

    std::vector<StoredMessage> messages;
    dataplane::StoreStatus add_status = dataplane::StoreStatus::ok;
    dataplane::StoreStatus commit_status = dataplane::StoreStatus::ok;
    Gate add_gate;
    size_t under_way = 0;      // messages begun, and neither committed nor forgotten
    size_t largest_piece = 0;  // octets given at once
};

class FakeLogin final : public dataplane::LoginPort, private dataplane::LoginKeeper {
  public:
    using Outcome = dataplane::LoginOutcome;
    std::span<const dataplane::SaslMechanism> mechanisms() override;
    const dataplane::ScramDecoyKey& decoy_key() override { return decoy_key_; }
    dataplane::Task<Outcome> check(const dataplane::LoginClient& client,
                                   dataplane::SaslMechanism mechanism, std::string_view login,
                                   std::string_view secret) override;
    dataplane::Task<Outcome> find_scram_keys(const dataplane::LoginClient& client,
                                             std::string_view login,
                                             std::optional<storage::ScramKeys>& keys) override;
    void watch(dataplane::LoginHold& hold, const dataplane::LoginClient&,
               const Outcome& outcome) override {
        hold.begin(*this, outcome.account_id);
        holds_.push_back(&hold);
    }
    // What they were made with is good no more.
    void end_all() {
        while (!holds_.empty()) {
            dataplane::LoginHold* hold = holds_.back();
            holds_.pop_back();
            hold->end();
        }
    }
    size_t watched() const { return holds_.size(); }
    void ended(const dataplane::LoginClient&, const Outcome& outcome) override {
        if (outcome.status == Outcome::Status::wrong) ended_wrong.push_back(outcome.user);
    }

    bool available = true;
    std::vector<std::string> ended_wrong;  // who they said they were

  private:
    void forget(dataplane::LoginHold& hold) override { std::erase(holds_, &hold); }

    dataplane::ScramDecoyKey decoy_key_{};
    std::vector<dataplane::LoginHold*> holds_;
};

// Refuses where it is told to.
class FakePolicy final : public dataplane::NullPolicy {
  public:
    using Verdict = dataplane::PolicyVerdict;
    using Client = dataplane::SmtpClient;
    dataplane::Task<Verdict> on_connect(const Client&) override { return verdict("connect"); }
    dataplane::Task<Verdict> on_helo(const Client&) override { return verdict("helo"); }
    dataplane::Task<Verdict> on_mail(const Client&, const storage::Envelope&) override {
        return verdict("mail");
    }
    dataplane::Task<Verdict> on_rcpt(const Client&, const storage::Envelope&,
                                     const dataplane::PolicyRecipient&) override {
        return verdict("rcpt");
    }
    dataplane::Task<Verdict> on_data_end(const Client&, const storage::Envelope&,
                                         const dataplane::PolicyMessage&) override {
        return verdict("data_end");
    }
    dataplane::Task<Verdict> on_auth(const Client&) override { return verdict("auth"); }
    dataplane::Task<> on_auth_end(const Client&, const dataplane::LoginOutcome& outcome) override;
    bool on_rule(const Client&, dataplane::SmtpRefusal rule) override;

    std::map<std::string, Verdict, std::less<>> verdicts;
    std::map<std::string, bool, std::less<>> enforced;  // by rule; else as NullPolicy has it
    std::map<std::string, int, std::less<>> hits;
    size_t logins_right = 0;
    size_t logins_wrong = 0;

  private:
    dataplane::Task<Verdict> verdict(std::string_view hook);
};

// Judges by a word in the message: "spam" has a score and a folder, "virus" is refused.
class FakeScanner final : public dataplane::MessageScanner {
  public:
    void take(Bytes octets) override;
    dataplane::FilterVerdict judge(const storage::Envelope& envelope) override;
    dataplane::DeliveryFacts facts(Bytes prefix) override;

  private:
    std::string seen_;
};

class FakeEnvironment final : public dataplane::SmtpEnvironment {
  public:
    dataplane::RecipientLookup& recipients() override { return directory; }
    dataplane::MessageStore& store() override { return messages; }
    dataplane::LoginPort& login() override { return logins; }
    dataplane::SmtpPolicy& policy() override { return rules; }
    dataplane::SmtpCounters& counters() override { return counts; }
    std::unique_ptr<dataplane::MessageScanner> make_scanner() override;
    void deliver(const storage::BlobId& id, dataplane::DeliveryFacts facts) override;
    storage::BlobId next_blob_id() override;
    int64_t now_us() override { return 1'795'288'214'000'000; }  // Sat, 21 Nov 2026 19:10:14

    uint64_t refused(dataplane::SmtpRefusal reason) const {
        return counts.refused[static_cast<size_t>(reason)];
    }

    FakeDirectory directory;
    FakeStore messages;
    FakeLogin logins;
    FakePolicy rules;
    dataplane::SmtpCounters counts{};
    bool scans = false;
    std::map<storage::BlobId, dataplane::DeliveryFacts> delivered;

  private:
    uint64_t next_id_ = 0;
};

}  // namespace gatepost::tests
