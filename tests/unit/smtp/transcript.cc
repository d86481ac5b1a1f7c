#include "tests/unit/smtp/transcript.h"

#include <fmt/format.h>

#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <vector>

#include "tests/unit/smtp/smtp_rig.h"
#include "tests/unit/stream/transcript_file.h"

namespace gatepost::tests {

using namespace dataplane;

namespace {

class Player {
  public:
    std::string play(const std::filesystem::path& path) {
        if (std::string wrong = play_lines(path, [&](const auto& line) { return take(line); });
            !wrong.empty())
            return wrong;
        flush();
        if (!received_.empty())
            return fmt::format("{}: at the end: {}", path.filename().string(), received_);
        return {};
    }

  private:
    std::string take(const std::string& line) {
        const std::string_view text = line.size() > 3 ? std::string_view(line).substr(3) : "";
        if (line.starts_with("C:")) return client(std::string(text) + "\r\n");
        if (line.starts_with("C=")) return client(unescape(text));
        if (line.starts_with("S:")) return server(text);
        if (line.starts_with("M:")) return message(text);
        if (line.starts_with('@')) return directive(line.substr(1));
        return "that is no line of a transcript";
    }

    SmtpRig& rig() {
        if (!rig_) {
            rig_ = std::make_unique<SmtpRig>(options_);
            for (const auto& each : before_) each(*rig_);
            received_ = rig_->start();
        }
        return *rig_;
    }

    std::string client(const std::string& octets) {
        rig();
        if (sending_.empty() && !received_.empty()) return "the server has said more: " + received_;
        sending_ += octets;
        return {};
    }

    void flush() {
        SmtpRig& to = rig();
        if (!sending_.empty()) received_ += to.send(std::exchange(sending_, {}));
    }

    std::string server(std::string_view pattern) {
        flush();
        return take_line(received_, pattern);
    }

    std::string message(std::string_view pattern) {
        const size_t end = message_.find("\r\n");
        if (end == std::string::npos) return "the message has no further line";
        const std::string line = message_.substr(0, end);
        message_.erase(0, end + 2);
        return matches(pattern, line) ? std::string() : "the message has: " + line;
    }

    // Before the session begins, or now.
    void change(std::function<void(SmtpRig&)> how) {
        if (rig_)
            how(*rig_);
        else
            before_.push_back(std::move(how));
    }

    std::string directive(const std::string& text) {
        std::istringstream words(text);
        std::string name, first;
        words >> name >> first;
        if (name == "ROLE") return set_role(first);
        if (name == "OPTION") return set_option(first, words);
        if (name == "POLICY") return set_policy(first, words);
        if (name == "RULE") return set_rule(first, words);
        if (name == "STORE") return set_store(first, words);
        if (name == "DIRECTORY")
            return change([](SmtpRig& rig) { rig.environment.directory.loaded = false; }), "";
        if (name == "CROWDED") return change([](SmtpRig& rig) { rig.crowded = true; }), "";
        if (name == "SCANNER")
            return change([](SmtpRig& rig) { rig.environment.scans = true; }), "";
        if (name == "LOGIN")
            return change([](SmtpRig& rig) { rig.environment.logins.available = false; }), "";
        flush();
        if (name == "DRAIN") return rig().drain(), take_sent();
        if (name == "PASS") return rig().rig.advance(std::stoull(first)), take_sent();
        if (name == "HANGUP")
            return rig().rig.transport.arrive_end(), rig().rig.transport.run(), "";
        if (name == "END") return check_end(first);
        if (name == "OPEN") return rig().has_ended() ? "the connection has ended" : "";
        if (name == "STORED")
            return check_count("messages", rig().environment.messages.messages.size(), first);
        if (name == "HITS") return check_hits(first, words);
        if (name == "COUNTED") return check_refusals(first, words);
        if (name == "TARGETS") return check_targets(first, words);
        if (name == "MESSAGE") return select_message(first);
        if (name == "NOMORE") return message_.empty() ? "" : "the message goes on: " + message_;
        return "no such directive: " + name;
    }

    std::string take_sent() {
        received_ += rig().rig.transport.take_sent();
        return {};
    }

    std::string set_role(const std::string& role) {
        for (size_t i = 0; i < kSmtpRoles; ++i) {
            if (role != smtp_role_name(static_cast<SmtpRole>(i))) continue;
            options_.role = static_cast<SmtpRole>(i);
            return {};
        }
        return "no such role";
    }

    std::string set_option(const std::string& name, std::istream& words) {
        uint64_t value = 0;
        words >> value;
        const auto number = static_cast<uint32_t>(value);
        const std::map<std::string, std::function<void()>> setters = {
            {"auth", [&] { options_.auth = value != 0; }},
            {"tls_required", [&] { options_.tls_required = value != 0; }},
            {"message_octets_max", [&] { options_.message_octets_max = value; }},
            {"recipients_max", [&] { options_.recipients_max = number; }},
            {"messages_max", [&] { options_.messages_max = number; }},
            {"received_fields_max", [&] { options_.received_fields_max = number; }},
            {"bad_commands_max", [&] { options_.bad_commands_max = number; }},
            {"idle_commands_max", [&] { options_.idle_commands_max = number; }},
            {"refused_recipients_max", [&] { options_.refused_recipients_max = number; }},
            {"failed_logins_max", [&] { options_.failed_logins_max = number; }},
            {"greeting_ms", [&] { options_.greeting_ms = number; }},
            {"session_ms", [&] { options_.session_ms = number; }},
        };
        const auto found = setters.find(name);
        if (found == setters.end()) return "no such option";
        found->second();
        return {};
    }

    std::string set_policy(const std::string& hook, std::istream& words) {
        PolicyVerdict verdict{.action = PolicyVerdict::Action::refuse};
        words >> verdict.reply.code >> verdict.reply.enhanced >> verdict.rule >> std::ws;
        std::getline(words, verdict.reply.text);
        change([hook, verdict](SmtpRig& rig) { rig.environment.rules.verdicts[hook] = verdict; });
        return {};
    }

    std::string set_rule(const std::string& rule, std::istream& words) {
        std::string mode;
        words >> mode;
        change([rule, mode](SmtpRig& rig) {
            rig.environment.rules.enforced[rule] = mode == "enforce";
        });
        return {};
    }

    std::string set_store(const std::string& when, std::istream& words) {
        std::string what;
        words >> what;
        const StoreStatus status = what == "disk_full" ? StoreStatus::disk_full
                                   : what == "busy"    ? StoreStatus::busy
                                   : what == "ok"      ? StoreStatus::ok
                                                       : StoreStatus::broken;
        change([when, status](SmtpRig& rig) {
            FakeStore& store = rig.environment.messages;
            (when == "add" ? store.add_status : store.commit_status) = status;
        });
        return {};
    }

    std::string check_end(const std::string& end) {
        if (!rig().has_ended()) return "the connection goes on";
        const std::string_view is = storage::stream_end_name(rig().end);
        return is == end ? "" : fmt::format("it has ended by: {}", is);
    }

    static std::string check_count(std::string_view what, uint64_t is, const std::string& wanted) {
        return is == std::stoull(wanted) ? "" : fmt::format("{}: {}", what, is);
    }

    std::string check_hits(const std::string& rule, std::istream& words) {
        std::string wanted;
        words >> wanted;
        return check_count(rule, static_cast<uint64_t>(rig().environment.rules.hits[rule]), wanted);
    }

    std::string check_refusals(const std::string& reason, std::istream& words) {
        std::string wanted;
        words >> wanted;
        for (size_t i = 0; i < kSmtpRefusals; ++i)
            if (reason == smtp_refusal_name(static_cast<SmtpRefusal>(i)))
                return check_count(reason, rig().environment.counts.refused[i], wanted);
        return "no such reason";
    }

    // "@TARGETS 1 ada@example.org:\Junk ext@elsewhere.example": of a message, in their order.
    std::string check_targets(const std::string& number, std::istream& words) {
        const auto& messages = rig().environment.messages.messages;
        const size_t index = std::stoull(number) - 1;
        if (index >= messages.size()) return "there is no such message";
        std::string wanted, is;
        std::getline(words >> std::ws, wanted);
        for (const storage::EnvelopeRecipient& recipient : messages[index].envelope.recipients) {
            if (!is.empty()) is += ' ';
            is += recipient.target;
            if (!recipient.folder.empty()) is += ':' + recipient.folder;
        }
        return is == wanted ? "" : "the targets are: " + is;
    }

    std::string select_message(const std::string& number) {
        const auto& messages = rig().environment.messages.messages;
        const size_t index = std::stoull(number) - 1;
        if (index >= messages.size()) return "there is no such message";
        message_ = messages[index].octets;
        return {};
    }

    SmtpOptions options_ = smtp_options();
    std::vector<std::function<void(SmtpRig&)>> before_;
    std::unique_ptr<SmtpRig> rig_;
    std::string sending_;
    std::string received_;
    std::string message_;
};

}  // namespace

std::string play_transcript(const std::filesystem::path& path) {
    return Player().play(path);
}

}  // namespace gatepost::tests
