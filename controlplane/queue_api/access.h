// Who may fetch the queue: by address, and by a token or a password, of which only digests and
// hashes are stored.
#pragma once

#include <ctime>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/queue_api/network_list.h"
#include "storage/base/error.h"

namespace gatepost::controlplane {

enum class AccessVerdict : uint8_t {
    allowed,
    wrong_address,
    no_credentials,
    wrong_credentials,
    unavailable,  // a file of them cannot be read: nobody gets in
};

// Lines "name:{SCHEME}…"; empty ones and those that begin with # do not count.
struct AccessEntry {
    std::string name;
    std::string secret;
};
Result<std::vector<AccessEntry>> parse_access_file(std::string_view text);

// Any thread.
class Access {
  public:
    // Without either file everybody at an allowed address gets in.
    Access(std::string token_file, std::string users_file, NetworkList networks);

    // Whether the files can be read, now.
    Status check();
    // `authorization`: the field's value (RFC 9110 §11.6.2), "" without. Files that were changed
    // are read again. `who`: the label or name, where one was recognized.
    AccessVerdict judge(std::string_view address, std::string_view authorization, std::string& who);

  private:
    struct File {
        std::string path;
        std::vector<AccessEntry> entries;
        timespec changed{-1, 0};
        off_t size = -1;
    };
    static Status refresh(File& file);
    AccessVerdict judge_token(std::string_view token, std::string& who);
    AccessVerdict judge_password(std::string_view encoded, std::string& who);

    NetworkList networks_;
    std::mutex mutex_;
    File tokens_;
    File users_;
    // A hash takes tens of milliseconds and of MiB: one at a time, whoever guesses.
    std::mutex verifying_;
};

}  // namespace gatepost::controlplane
