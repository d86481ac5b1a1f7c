#include "dataplane/policy/dns_judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "dataplane/policy/dns_list_query.h"
#include "storage/mail_address/mail_address.h"

namespace gatepost::dataplane {

namespace {

using storage::DnsList;
using storage::PolicyMode;
using storage::PolicyRule;
using storage::PolicySetting;
using AnswerStatus = DnsAnswer::Status;

std::string_view rule_name(PolicyRule rule) {
    return storage::about(rule).name;
}

// RFC 3463: the same detail, for good or for now.
SmtpReply refusal(PolicyRule rule, std::string_view detail, std::string_view text) {
    return {550, fmt::format("5.{}", detail), fmt::format("{} (rule {})", text, rule_name(rule))};
}
SmtpReply deferral(PolicyRule rule, std::string_view detail, std::string_view text) {
    return {450, fmt::format("4.{}", detail),
            fmt::format("{}; try again (rule {})", text, rule_name(rule))};
}

bool equal_names(std::string_view a, std::string_view b) {
    const auto lower = [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    };
    return std::ranges::equal(a, b, {}, lower, lower);
}

// The questions of one round, each asked once, and their answers.
class Round {
  public:
    size_t add(std::string name, DnsType type) {
        DnsQuestion question{std::move(name), type};
        const auto found = std::ranges::find(questions_, question);
        if (found == questions_.end()) {
            questions_.push_back(std::move(question));
            return questions_.size() - 1;
        }
        return static_cast<size_t>(found - questions_.begin());
    }
    Task<> ask(DnsClient& dns) {
        if (!questions_.empty()) answers_ = co_await dns.ask(questions_);
        answers_.resize(questions_.size());
    }
    const DnsAnswer& operator[](size_t index) const { return answers_[index]; }

  private:
    std::vector<DnsQuestion> questions_;
    std::vector<DnsAnswer> answers_;
};

class Judge {
  public:
    Judge(std::shared_ptr<const LoadedPolicy> policy, JudgedClient client,
          std::string_view server_name)
        : policy_(std::move(policy)), client_(std::move(client)), server_name_(server_name) {}

    Task<std::vector<PolicyHit>> run(DnsClient& dns);

  private:
    // A question about a list, and for what.
    struct ListQuestion {
        const DnsList* list = nullptr;
        std::string about;  // the address or the domain
        size_t question = 0;
        bool second = false;  // of the second round
    };

    bool is_on(PolicyRule rule) const { return policy_->entry.mode(rule) != PolicyMode::off; }
    bool defers(PolicySetting setting) const { return policy_->entry.setting(setting) != 0; }
    bool asks_domain_lists() const {
        return is_on(PolicyRule::dns_list) &&
               std::ranges::any_of(policy_->entry.lists, [](const DnsList& list) {
                   return list.kind == DnsList::Kind::domain && list.mode != PolicyMode::off;
               });
    }
    void hit(PolicyRule rule, SmtpReply reply) { hits_.push_back({rule, std::move(reply)}); }

    void prepare();
    void prepare_lists();
    void ask_domain_lists(Round& round, const std::string& domain, bool second);
    void prepare_second();
    void judge_helo_syntax();
    void judge_reverse();
    void judge_helo();
    void judge_sender();
    void judge_lists();
    bool is_confirmed(bool& unknown) const;

    const std::shared_ptr<const LoadedPolicy> policy_;
    const JudgedClient client_;
    const std::string_view server_name_;
    std::string helo_name_;      // "": it is no name
    std::string sender_domain_;  // "": there is none, or it is an address literal
    Round first_;
    Round second_;
    std::optional<size_t> reverse_;   // nobody wants to know otherwise
    size_t helo_[2] = {};             // A, AAAA
    size_t sender_[3] = {};           // MX, A, AAAA
    std::vector<std::string> names_;  // of the client
    std::vector<size_t> forward_;     // of names_, in the second round
    std::vector<ListQuestion> lists_;
    std::vector<PolicyHit> hits_;
};

Task<std::vector<PolicyHit>> Judge::run(DnsClient& dns) {
    prepare();
    co_await first_.ask(dns);
    prepare_second();
    co_await second_.ask(dns);
    judge_helo_syntax();
    judge_reverse();
    judge_helo();
    judge_sender();
    judge_lists();
    co_return std::move(hits_);
}

void Judge::prepare() {
    if (is_dns_name(client_.helo)) helo_name_ = client_.helo;
    const auto sender =
        storage::read_mail_address(client_.reverse_path, storage::AddressForm::utf8);
    if (sender && !sender->is_address_literal()) sender_domain_ = sender->domain;
    if (is_on(PolicyRule::reverse_dns) || is_on(PolicyRule::forward_confirmed_reverse_dns) ||
        asks_domain_lists())
        reverse_ = first_.add(reverse_name(client_.address), DnsType::ptr);
    if (is_on(PolicyRule::helo_resolves) && !helo_name_.empty()) {
        helo_[0] = first_.add(helo_name_, DnsType::a);
        helo_[1] = first_.add(helo_name_, DnsType::aaaa);
    }
    if (is_on(PolicyRule::sender_domain_resolves) && !sender_domain_.empty()) {
        sender_[0] = first_.add(sender_domain_, DnsType::mx);
        sender_[1] = first_.add(sender_domain_, DnsType::a);
        sender_[2] = first_.add(sender_domain_, DnsType::aaaa);
    }
    if (is_on(PolicyRule::dns_list)) prepare_lists();
}

void Judge::prepare_lists() {
    for (const DnsList& list : policy_->entry.lists) {
        if (list.kind != DnsList::Kind::address || list.mode == PolicyMode::off) continue;
        const size_t question =
            first_.add(address_list_name(client_.address, list.zone), DnsType::a);
        lists_.push_back({&list, client_.address.text(), question});
    }
    ask_domain_lists(first_, helo_name_, false);
    if (!equal_names(sender_domain_, helo_name_)) ask_domain_lists(first_, sender_domain_, false);
}

void Judge::ask_domain_lists(Round& round, const std::string& domain, bool second) {
    // A name of one label is none of the lists'.
    if (domain.find('.') == std::string::npos) return;
    for (const DnsList& list : policy_->entry.lists) {
        if (list.kind != DnsList::Kind::domain || list.mode == PolicyMode::off) continue;
        const size_t question = round.add(domain_list_name(domain, list.zone), DnsType::a);
        lists_.push_back({&list, domain, question, second});
    }
}

void Judge::prepare_second() {
    if (!reverse_) return;
    for (const std::string& name : first_[*reverse_].texts)
        if (is_dns_name(name) && names_.size() < kReverseNamesMax) names_.push_back(name);
    const bool confirm = is_on(PolicyRule::forward_confirmed_reverse_dns);
    const auto type = client_.address.family == Family::ipv4 ? DnsType::a : DnsType::aaaa;
    for (const std::string& name : names_)
        if (confirm) forward_.push_back(second_.add(name, type));
    if (!is_on(PolicyRule::dns_list)) return;
    for (const std::string& name : names_)
        if (!equal_names(name, helo_name_) && !equal_names(name, sender_domain_))
            ask_domain_lists(second_, name, true);
}

void Judge::judge_helo_syntax() {
    if (!is_on(PolicyRule::helo_syntax) || is_helo_fit(client_.helo, server_name_)) return;
    hit(PolicyRule::helo_syntax,
        refusal(PolicyRule::helo_syntax, "7.1",
                fmt::format("{} is not the full name of your host", client_.helo)));
}

// Whether one of the names leads back. `unknown`: DNS did not say of each.
bool Judge::is_confirmed(bool& unknown) const {
    DnsAddress own{.ipv6 = client_.address.family != Family::ipv4};
    std::copy_n(client_.address.octets, own.ipv6 ? 16 : 4, own.octets.begin());
    for (const size_t question : forward_) {
        const DnsAnswer& answer = second_[question];
        if (std::ranges::find(answer.addresses, own) != answer.addresses.end()) return true;
        if (answer.status == AnswerStatus::failed) unknown = true;
    }
    return false;
}

// RFC 7372 §3.3: X.7.25.
void Judge::judge_reverse() {
    constexpr PolicyRule kNamed = PolicyRule::reverse_dns;
    constexpr PolicyRule kConfirmed = PolicyRule::forward_confirmed_reverse_dns;
    const std::string address = client_.address.text();
    if (!reverse_) return;
    const AnswerStatus reverse = first_[*reverse_].status;
    if (is_on(kNamed) && reverse == AnswerStatus::none)
        hit(kNamed, refusal(kNamed, "7.25", fmt::format("{} has no name in DNS", address)));
    if (is_on(kNamed) && reverse == AnswerStatus::failed &&
        defers(PolicySetting::reverse_dns_defer))
        hit(kNamed, deferral(kNamed, "7.25", fmt::format("the name of {} is not known", address)));
    if (!is_on(kConfirmed)) return;
    bool unknown = reverse == AnswerStatus::failed;
    if (is_confirmed(unknown)) return;
    if (!unknown)
        hit(kConfirmed,
            refusal(kConfirmed, "7.25", fmt::format("no name leads back to {}", address)));
    else if (defers(PolicySetting::forward_confirmed_defer))
        hit(kConfirmed,
            deferral(kConfirmed, "7.25", fmt::format("the name of {} is not known", address)));
}

void Judge::judge_helo() {
    constexpr PolicyRule kRule = PolicyRule::helo_resolves;
    if (!is_on(kRule) || helo_name_.empty()) return;
    const AnswerStatus a = first_[helo_[0]].status;
    const AnswerStatus aaaa = first_[helo_[1]].status;
    if (a == AnswerStatus::found || aaaa == AnswerStatus::found) return;
    if (a == AnswerStatus::none && aaaa == AnswerStatus::none)
        hit(kRule, refusal(kRule, "7.1", fmt::format("{} has no address in DNS", helo_name_)));
    else if (defers(PolicySetting::helo_resolves_defer))
        hit(kRule,
            deferral(kRule, "7.1", fmt::format("the address of {} is not known", helo_name_)));
}

void Judge::judge_sender() {
    constexpr PolicyRule kRule = PolicyRule::sender_domain_resolves;
    if (!is_on(kRule) || sender_domain_.empty()) return;
    const DnsAnswer& mx = first_[sender_[0]];
    if (mx.status == AnswerStatus::found) {
        // RFC 7505 §4.2: whoever takes no mail gets no answer to what it sends.
        if (std::ranges::all_of(mx.texts, [](const std::string& host) { return host.empty(); }))
            hit(kRule,
                refusal(kRule, "7.27",
                        fmt::format("the sender's domain {} takes no mail", sender_domain_)));
        return;
    }
    const AnswerStatus a = first_[sender_[1]].status;
    const AnswerStatus aaaa = first_[sender_[2]].status;
    // RFC 5321 §5.1: without an MX record its address is where mail goes.
    if (a == AnswerStatus::found || aaaa == AnswerStatus::found) return;
    if (mx.status == AnswerStatus::none && a == AnswerStatus::none && aaaa == AnswerStatus::none)
        hit(kRule, refusal(kRule, "1.8",
                           fmt::format("the sender's domain {} is not in DNS", sender_domain_)));
    else if (defers(PolicySetting::sender_domain_resolves_defer))
        hit(kRule, deferral(kRule, "1.8",
                            fmt::format("the sender's domain {} is not known", sender_domain_)));
}

void Judge::judge_lists() {
    constexpr PolicyRule kRule = PolicyRule::dns_list;
    struct Sum {
        int64_t score = 0;
        int32_t most = 0;  // of one list
        std::string why = {};
    };
    Sum enforced;
    Sum all;  // those that are only monitored as well
    for (const ListQuestion& asked : lists_) {
        const DnsAnswer& answer = asked.second ? second_[asked.question] : first_[asked.question];
        const auto code = listed_as(*asked.list, answer);
        if (!code) continue;
        const DnsList& list = *asked.list;
        for (Sum* sum : {&enforced, &all}) {
            if (sum == &enforced && list.mode != PolicyMode::enforce) continue;
            sum->score += list.score;
            if (list.score <= sum->most) continue;
            sum->most = list.score;
            sum->why =
                fmt::format("{} is listed by {} ({}); ask there", asked.about, list.zone, *code);
        }
    }
    const int64_t limit = policy_->entry.setting(PolicySetting::dns_list_reject_score);
    if (enforced.score >= limit)
        hit(kRule, refusal(kRule, "7.1", enforced.why));
    else if (all.score >= limit)
        hits_.push_back({kRule, refusal(kRule, "7.1", all.why), true});
}

}  // namespace

bool is_helo_fit(std::string_view helo, std::string_view server_name) {
    // RFC 5321 §4.1.3.
    if (helo.starts_with('[')) return storage::read_address_literal(helo).has_value();
    if (!is_dns_name(helo) || helo.find('_') != std::string_view::npos) return false;
    const size_t dot = helo.rfind('.');
    if (dot == std::string_view::npos || equal_names(helo, server_name)) return false;
    // An address without its brackets.
    const std::string_view last = helo.substr(dot + 1);
    return !std::ranges::all_of(last, [](char c) { return c >= '0' && c <= '9'; });
}

Task<std::vector<PolicyHit>> judge_by_dns(std::shared_ptr<const LoadedPolicy> policy,
                                          JudgedClient client, std::string_view server_name,
                                          DnsClient& dns) {
    Judge judge(std::move(policy), std::move(client), server_name);
    co_return co_await judge.run(dns);
}

}  // namespace gatepost::dataplane
