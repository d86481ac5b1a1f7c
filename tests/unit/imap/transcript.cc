#include "tests/unit/imap/transcript.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <fstream>
#include <map>
#include <memory>
#include <sstream>

#include "tests/unit/imap/imap_rig.h"

namespace gatepost::tests {

using namespace dataplane;

namespace {

std::string unescape(std::string_view text) {
    std::string octets;
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\' || i + 1 == text.size()) {
            octets += text[i];
            continue;
        }
        switch (text[++i]) {
            case 'r':
                octets += '\r';
                break;
            case 'n':
                octets += '\n';
                break;
            case 'x':
                octets +=
                    static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
                i += 2;
                break;
            default:
                octets += text[i];
        }
    }
    return octets;
}

// Of fnmatch's signs only * has a meaning; "\*" is the sign itself.
bool matches(std::string_view pattern, const std::string& line) {
    std::string glob;
    for (size_t i = 0; i < pattern.size(); ++i) {
        const char c = pattern[i];
        if (c == '\\' && i + 1 < pattern.size() && pattern[i + 1] == '*') {
            glob += "\\\\\\*";
            ++i;
            continue;
        }
        if (c == '?' || c == '[' || c == '\\') glob += '\\';
        glob += c;
    }
    return ::fnmatch(glob.c_str(), line.c_str(), 0) == 0;
}

StoreStatus store_status(const std::string& what) {
    if (what == "disk_full") return StoreStatus::disk_full;
    if (what == "busy") return StoreStatus::busy;
    return what == "ok" ? StoreStatus::ok : StoreStatus::broken;
}

// One of the sessions.
struct Side {
    std::unique_ptr<ImapRig> rig;
    std::string sending;
    std::string received;
};

class Player {
  public:
    explicit Player(bool compressed) : compressed_(compressed) {}

    std::string play(const std::filesystem::path& path) {
        std::ifstream file(path);
        std::string line;
        for (size_t number = 1; std::getline(file, line); ++number) {
            if (line.empty() || line.starts_with('#')) continue;
            if (std::string wrong = take(line); !wrong.empty())
                return fmt::format("{}:{}: {}", path.filename().string(), number, wrong);
        }
        for (auto& [number, side] : sides_) {
            flush(side);
            if (!side.received.empty())
                return fmt::format("{}: at the end: {}", path.filename().string(), side.received);
        }
        return {};
    }

  private:
    std::string take(const std::string& line) {
        if (line.starts_with('@')) return directive(line.substr(1));
        std::string_view rest = line;
        int number = 1;
        if (rest[0] >= '0' && rest[0] <= '9') {
            number = rest[0] - '0';
            rest.remove_prefix(1);
        }
        const std::string_view text = rest.size() > 3 ? rest.substr(3) : "";
        Side& of = side(number);
        if (rest.starts_with("C:")) return client(of, std::string(text) + "\r\n");
        if (rest.starts_with("C=")) return client(of, unescape(text));
        if (rest.starts_with("S:")) return server(of, text);
        return "that is no line of a transcript";
    }

    Side& side(int number) {
        Side& of = sides_[number];
        if (!of.rig) {
            of.rig = std::make_unique<ImapRig>(world_, options_);
            of.received = of.rig->start();
        }
        return of;
    }

    static std::string client(Side& to, const std::string& octets) {
        if (to.sending.empty() && !to.received.empty())
            return "the server has said more: " + to.received;
        to.sending += octets;
        return {};
    }

    static void flush(Side& side) {
        if (!side.sending.empty()) side.received += side.rig->send(std::exchange(side.sending, {}));
    }

    std::string server(Side& from, std::string_view pattern) {
        flush(from);
        const size_t end = from.received.find("\r\n");
        if (end == std::string::npos) return "the server has not said that, but: " + from.received;
        const std::string said = from.received.substr(0, end);
        from.received.erase(0, end + 2);
        return matches(pattern, said) ? std::string() : "the server has said: " + said;
    }

    std::string directive(const std::string& text) {
        std::istringstream words(text);
        std::string name, first;
        words >> name >> first;
        if (name == "LOGIN") return log_in(first, words);
        if (name == "COMPRESS") return compress(1);
        if (name == "OPTION") return set_option(first, words);
        for (auto& [number, side] : sides_) flush(side);
        if (name == "DELIVER") return deliver(first, words);
        if (name == "SHARE") return share(first, words);
        if (name == "TELL") return tell();
        if (name == "PASS") return pass(std::stoull(first));
        if (name == "STORE") return set_store(first, words);
        if (name == "END") return check_end(first, words);
        MemoryMailboxes& boxes = world_.boxes;
        if (name == "AVAILABLE") return boxes.available = first == "1", "";
        if (name == "LOSES_ANSWERS") return boxes.loses_answers = first == "1", "";
        if (name == "LOGINS") return world_.logins.available = first == "1", "";
        if (name == "READABLE") return world_.bodies.readable = first == "1", "";
        if (name == "SUMMARIES_COME_LATER") return boxes.summaries_come_later = true, "";
        if (name == "QUOTA") return boxes.quota_messages = std::stoll(first), "";
        if (name == "EVICT") return boxes.evict(mailbox(first).id), "";
        if (name == "REMOVE") return boxes.remove_mailbox(mailbox(first).id), "";
        if (name == "VALIDITY") return change_validity(mailbox(first)), "";
        if (name == "DISCONNECT") return boxes.disconnect(ImapWorld::kAda, first), collect();
        if (name == "DRAIN") return side(1).rig->drain(), collect();
        if (name == "HANGUP") return hang_up();
        if (name == "OPEN") return side(1).rig->has_ended() ? "the connection has ended" : "";
        if (name == "PAUSED")
            return world_.paused_ms == std::stoull(first) ? ""
                                                          : fmt::format("{}", world_.paused_ms);
        return "no such directive: " + name;
    }

    MemoryMailbox& mailbox(const std::string& name) {
        return *world_.boxes.find(ImapWorld::kAda, name);
    }

    std::string log_in(const std::string& user, std::istream& words) {
        int number = 1;
        words >> number;
        Side& of = side(number);
        of.received.clear();
        const std::string said = of.rig->send(fmt::format("l LOGIN {} secret\r\n", user));
        if (!said.starts_with("l OK")) return said;
        return compressed_ ? compress(number) : "";
    }

    std::string compress(int number) {
        const std::string said = side(number).rig->compress();
        return said.starts_with("z OK") ? "" : said;
    }

    std::string set_option(const std::string& name, std::istream& words) {
        uint64_t value = 0;
        words >> value;
        if (name == "tls_required")
            options_.tls_required = value != 0;
        else if (name == "message_octets_max")
            options_.message_octets_max = value;
        else
            return "no such option";
        return {};
    }

    std::string deliver(const std::string& name, std::istream& words) {
        std::string subject, flag;
        words >> subject;
        uint8_t flags = 0;
        while (words >> flag)
            flags |= flag == "\\Seen" ? storage::kFlagSeen : storage::kFlagDeleted;
        world_.deliver(mailbox(name).id, sample_message(subject), flags);
        return {};
    }

    // "@SHARE INBOX 3": with bob, and these rights.
    std::string share(const std::string& name, std::istream& words) {
        uint16_t rights = 0;
        words >> rights;
        world_.boxes.share(mailbox(name).id, ImapWorld::kBob, rights);
        return {};
    }

    // As a database that was restored from a backup.
    void change_validity(MemoryMailbox& of) {
        ++of.uid_validity;
        world_.boxes.evict(of.id);
    }

    std::string collect() {
        for (auto& [number, side] : sides_) {
            side.rig->rig.transport.run();
            side.received += side.rig->take_said();
        }
        return {};
    }

    std::string tell() {
        world_.boxes.tell();
        return collect();
    }

    std::string pass(uint64_t ms) {
        for (auto& [number, side] : sides_) side.received += side.rig->advance(ms);
        return {};
    }

    std::string set_store(const std::string& when, std::istream& words) {
        std::string what;
        words >> what;
        MemoryStore& store = world_.bodies;
        (when == "add"    ? store.add_status
         : when == "keep" ? store.keep_status
                          : store.accepts) = store_status(what);
        return {};
    }

    std::string hang_up() {
        side(1).rig->rig.transport.arrive_end();
        return collect();
    }

    std::string check_end(const std::string& end, std::istream& words) {
        int number = 1;
        words >> number;
        ImapRig& rig = *side(number).rig;
        if (!rig.has_ended()) return "the connection goes on";
        const std::string_view is = storage::stream_end_name(rig.end);
        return is == end ? "" : fmt::format("it has ended by: {}", is);
    }

    const bool compressed_;
    ImapWorld world_;
    ImapOptions options_ = imap_options();
    std::map<int, Side> sides_;
};

}  // namespace

std::string play_transcript(const std::filesystem::path& path, bool compressed) {
    return Player(compressed).play(path);
}

}  // namespace gatepost::tests
