// Every file of tests/transcripts/pop3 is a test of its own:
//
//   # a comment
//   @DELIVER one             a message for ada comes, with that subject; what follows are octets of
//                            its body in the place of a line, with escapes
//   C: NOOP                  a line that the client sends
//   C= \r\n\x00              octets that it sends, with escapes, and no line's end added
//   S: +OK *                 the next line that the server sends; * at its end is anything
//   @END server              the connection has ended like this
//
// Lines of the client that stand together arrive together. Every line that the server sends has to
// be there, and no other. The other directives are in directive().
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <utility>
#include <vector>

#include "tests/unit/pop3/pop3_rig.h"

namespace gatepost::tests {

namespace {

namespace fs = std::filesystem;

std::string unescape(std::string_view text) {
    std::string octets;
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\' || i + 1 == text.size()) {
            octets += text[i];
            continue;
        }
        const char sign = text[++i];
        if (sign == 'x') {
            octets += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
            i += 2;
        } else {
            octets += sign == 'r' ? '\r' : sign == 'n' ? '\n' : sign;
        }
    }
    return octets;
}

bool matches(std::string_view pattern, std::string_view line) {
    if (!pattern.ends_with('*')) return pattern == line;
    pattern.remove_suffix(1);
    return line.starts_with(pattern);
}

class Player {
  public:
    std::string play(const fs::path& path) {
        std::ifstream file(path);
        std::string line;
        for (size_t number = 1; std::getline(file, line); ++number) {
            if (line.empty() || line.starts_with('#')) continue;
            if (std::string wrong = take(line); !wrong.empty())
                return fmt::format("{}:{}: {}", path.filename().string(), number, wrong);
        }
        flush();
        if (received_.empty()) return {};
        return fmt::format("{}: at the end: {}", path.filename().string(), received_);
    }

  private:
    std::string take(std::string_view line) {
        if (line.starts_with('@')) return directive(std::string(line.substr(1)));
        const std::string_view text = line.size() > 3 ? line.substr(3) : "";
        rig();
        if (line.starts_with("C:")) return client(std::string(text) + "\r\n");
        if (line.starts_with("C=")) return client(unescape(text));
        if (line.starts_with("S:")) return server(text);
        return "that is no line of a transcript";
    }

    Pop3Rig& rig() {
        if (!rig_) {
            rig_ = std::make_unique<Pop3Rig>(world_, options_);
            received_ = rig_->start();
        }
        return *rig_;
    }

    std::string client(const std::string& octets) {
        if (sending_.empty() && !received_.empty()) return "the server has said more: " + received_;
        sending_ += octets;
        return {};
    }

    void flush() {
        if (!sending_.empty()) received_ += rig_->send(std::exchange(sending_, {}));
    }

    std::string server(std::string_view pattern) {
        flush();
        const size_t end = received_.find("\r\n");
        if (end == std::string::npos) return "the server has not said that, but: " + received_;
        const std::string said = received_.substr(0, end);
        received_.erase(0, end + 2);
        return matches(pattern, said) ? std::string() : "the server has said: " + said;
    }

    std::string directive(const std::string& text) {
        std::istringstream words(text);
        std::string name, first, rest;
        words >> name >> first;
        std::getline(words >> std::ws, rest);
        flush();
        if (name == "DELIVER") return deliver(first, rest);
        if (name == "LOGIN") return log_in();
        if (name == "TLS_REQUIRED") return options_.tls_required = true, "";
        MemoryMailboxes& boxes = world_.boxes;
        if (name == "AVAILABLE") return boxes.available = first == "1", "";
        if (name == "LOSES_ANSWERS") return boxes.loses_answers = first == "1", "";
        if (name == "LOGINS") return world_.logins.available = first == "1", "";
        if (name == "READABLE") return world_.bodies.readable = first == "1", "";
        if (name == "EVICT") return boxes.evict(world_.inbox), "";
        if (name == "REMOVE") return boxes.remove_mailbox(world_.inbox), "";
        if (name == "EXPUNGE") return boxes.expunge_message(world_.inbox, number(first)), "";
        if (name == "VALIDITY") return change_validity(), "";
        if (name == "UIDS") return check_uids(first + (rest.empty() ? "" : " " + rest));
        if (name == "SEEN") return check_seen(number(first), number(rest) != 0);
        if (name == "DISCONNECT") return boxes.disconnect(ImapWorld::kAda, first), collect();
        if (name == "DRAIN") return rig_->drain(), collect();
        if (name == "HANGUP") return rig_->rig.transport.arrive_end(), collect();
        if (name == "PASS") return received_ += rig_->advance(number(first)), "";
        if (name == "OPEN") return rig_->has_ended() ? "the connection has ended" : "";
        if (name == "END") return check_end(first);
        return "no such directive: " + name;
    }

    static uint32_t number(const std::string& text) {
        return static_cast<uint32_t>(std::stoul(text));
    }

    std::string deliver(const std::string& subject, const std::string& body) {
        world_.deliver(world_.inbox, body.empty()
                                         ? sample_message(subject)
                                         : "Subject: " + subject + "\r\n\r\n" + unescape(body));
        return {};
    }

    std::string log_in() {
        rig();
        received_.clear();
        rig_->command("USER ada@example.org");
        const std::string said = rig_->command("PASS secret");
        return said.starts_with("+OK") ? "" : said;
    }

    // As a database that was restored from a backup.
    void change_validity() {
        ++world_.boxes.mailbox(world_.inbox).uid_validity;
        world_.boxes.evict(world_.inbox);
    }

    std::string collect() {
        rig_->rig.transport.run();
        received_ += rig_->rig.transport.take_sent();
        return {};
    }

    // "1 3": the messages that are left.
    std::string check_uids(const std::string& expected) {
        std::string uids;
        for (const auto& [uid, message] : world_.boxes.mailbox(world_.inbox).messages)
            uids += fmt::format("{}{}", uids.empty() ? "" : " ", uid);
        if (uids.empty()) uids = "none";
        return uids == expected ? "" : "there are: " + uids;
    }

    std::string check_seen(uint32_t uid, bool expected) {
        const uint8_t flags = world_.boxes.mailbox(world_.inbox).messages.at(uid).flags;
        return ((flags & storage::kFlagSeen) != 0) == expected ? "" : "it is not so";
    }

    std::string check_end(const std::string& end) {
        if (!rig_->has_ended()) return "the connection goes on";
        const std::string_view is = storage::stream_end_name(rig_->end);
        return is == end ? "" : fmt::format("it has ended by: {}", is);
    }

    ImapWorld world_;
    dataplane::Pop3Options options_ = pop3_options();
    std::unique_ptr<Pop3Rig> rig_;
    std::string sending_;
    std::string received_;
};

std::vector<fs::path> transcripts() {
    std::vector<fs::path> paths;
    for (const fs::directory_entry& entry : fs::directory_iterator(GATEPOST_TRANSCRIPTS))
        if (entry.path().extension() == ".txt") paths.push_back(entry.path());
    std::ranges::sort(paths);
    return paths;
}

class Transcript : public testing::TestWithParam<fs::path> {};

TEST_P(Transcript, IsWhatIsSaid) {
    EXPECT_EQ(Player().play(GetParam()), "");
}

INSTANTIATE_TEST_SUITE_P(Pop3, Transcript, testing::ValuesIn(transcripts()),
                         [](const auto& test) { return test.param.stem().string(); });

}  // namespace

}  // namespace gatepost::tests
