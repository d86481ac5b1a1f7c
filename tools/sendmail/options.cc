#include "tools/sendmail/options.h"

#include <string_view>

namespace gatepost::tools {

namespace {

// Those that have a value in the same word or the next one.
constexpr std::string_view kWithValue = "fFrBCNORVXhLp";
// Those of them whose value is of no meaning here.
constexpr std::string_view kIgnoredValue = "BCNORVXhLp";
constexpr std::string_view kIgnored = "mnvUG";

class Parser {
  public:
    explicit Parser(const std::vector<std::string>& words) : words_(words) {}

    Result<SendmailOptions> parse() {
        for (; at_ < words_.size(); ++at_) {
            const std::string& word = words_[at_];
            if (word == "--") {
                options_.recipients.insert(options_.recipients.end(),
                                           words_.begin() + static_cast<ptrdiff_t>(at_) + 1,
                                           words_.end());
                break;
            }
            Status taken;
            if (word.starts_with("--"))
                taken = take_long(word);
            else if (word.size() > 1 && word[0] == '-')
                taken = take_short(std::string_view(word).substr(1));
            else
                options_.recipients.push_back(word);
            if (!taken) return tl::unexpected(std::move(taken).error());
        }
        return std::move(options_);
    }

  private:
    Status take_long(const std::string& word) {
        if (word == "--version") {
            options_.only_version = true;
        } else if (word.starts_with("--socket=")) {
            options_.socket = word.substr(word.find('=') + 1);
        } else if (word == "--socket" && at_ + 1 < words_.size()) {
            options_.socket = words_[++at_];
        } else {
            return fail(ErrorCode::usage, "unknown option {}", word);
        }
        return {};
    }

    Status take_short(std::string_view letters) {
        while (!letters.empty()) {
            const char letter = letters.front();
            letters.remove_prefix(1);
            if (letter == 't') {
                options_.recipients_from_header = true;
            } else if (letter == 'i') {
                options_.dot_is_text = true;
            } else if (letter == 'o') {
                return take_setting(letters);
            } else if (letter == 'b') {
                // -bm, to deliver, is what is done anyway.
                if (letters == "m") return {};
                return fail(ErrorCode::usage, "-b{} is not supported, only -bm", letters);
            } else if (kWithValue.find(letter) != std::string_view::npos) {
                return take_value(letter, letters);
            } else if (kIgnored.find(letter) == std::string_view::npos) {
                return fail(ErrorCode::usage, "unknown option -{}", letter);
            }
        }
        return {};
    }

    // -oi, -oem, -o7, -odb: only the first has a meaning here.
    Status take_setting(std::string_view setting) {
        if (setting == "i")
            options_.dot_is_text = true;
        else if (setting.empty())
            return fail(ErrorCode::usage, "-o: which setting?");
        return {};
    }

    Status take_value(char letter, std::string_view rest) {
        std::string value(rest);
        if (rest.empty()) {
            if (at_ + 1 == words_.size())
                return fail(ErrorCode::usage, "-{} is to be followed by a value", letter);
            value = words_[++at_];
        }
        if (kIgnoredValue.find(letter) != std::string_view::npos && letter != 'r') return {};
        if (letter == 'F') {
            options_.full_name = value;
            return {};
        }
        options_.has_sender = true;
        if (value.starts_with('<') && value.ends_with('>'))
            value = value.substr(1, value.size() - 2);
        options_.sender = value;
        return {};
    }

    const std::vector<std::string>& words_;
    size_t at_ = 0;
    SendmailOptions options_;
};

}  // namespace

Result<SendmailOptions> parse_sendmail_options(const std::vector<std::string>& words) {
    return Parser(words).parse();
}

}  // namespace gatepost::tools
