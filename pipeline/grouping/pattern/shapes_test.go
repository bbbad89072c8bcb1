package pattern

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// shapes has lines as well-known programs write them, with made-up values. The
// lines of a paragraph are one message; the paragraphs are different ones.
const shapes = `
Failed password for root from 192.0.2.14 port 38926 ssh2
Failed password for uucp from 192.0.2.15 port 1026 ssh2
Failed password for admin from 192.0.2.114 port 50112 ssh2
Failed password for git from 2001:db8::17 port 5 ssh2

Failed password for invalid user webmaster from 192.0.2.14 port 38926 ssh2
Failed password for invalid user 0101 from 192.0.2.15 port 38927 ssh2
Failed password for invalid user test9 from 192.0.2.15 port 38927 ssh2
Failed password for invalid user oracle from 192.0.2.16 port 7 ssh2

Invalid user webmaster from 192.0.2.14
Invalid user 0101 from 192.0.2.14
Invalid user pgadmin from 192.0.2.14
Invalid user inspur from 192.0.2.14

input_userauth_request: invalid user webmaster [preauth]
input_userauth_request: invalid user 0 [preauth]
input_userauth_request: invalid user matlab [preauth]

reverse mapping checking getaddrinfo for ns.example.org [192.0.2.14] failed - POSSIBLE BREAK-IN ATTEMPT!
reverse mapping checking getaddrinfo for 5-6-7-8.dynamic.example.net [192.0.2.15] failed - POSSIBLE BREAK-IN ATTEMPT!

Received disconnect from 192.0.2.14: 11: Bye Bye [preauth]
Received disconnect from 192.0.2.19: 11: Bye Bye [preauth]

error: Received disconnect from 192.0.2.14: 14: No more user authentication methods available. [preauth]

Connection closed by 192.0.2.14 [preauth]
Connection closed by 192.0.2.15 [preauth]

Too many authentication failures for admin [preauth]
Too many authentication failures for root [preauth]
Too many authentication failures for guest [preauth]

pam_unix(sshd:auth): check pass; user unknown

pam_unix(sshd:session): session opened for user alice by (uid=0)
pam_unix(sshd:session): session opened for user bob by (uid=0)
pam_unix(sshd:session): session opened for user carol by (uid=0)

pam_unix(sshd:session): session closed for user alice
pam_unix(sshd:session): session closed for user bob
pam_unix(sshd:session): session closed for user carol

Received connection request /192.0.2.11:45307
Received connection request /192.0.2.12:45307

Cannot open channel to 3 at election address /192.0.2.13:3888
Cannot open channel to 1 at election address /192.0.2.11:3888

Closed socket connection for client /192.0.2.38:57862 which had sessionid 0x14f05578bd80018
Closed socket connection for client /192.0.2.39:57 which had sessionid 0x24f0557806a001c

Closed socket connection for client /192.0.2.38:57862 (no session established for client)
Closed socket connection for client /192.0.2.39:57862 (no session established for client)

Connection broken for id 188978561024, my id = 1, error =
Connection broken for id 18897, my id = 3, error =

Expiring session 0x14f05578bd80018, timeout of 10000ms exceeded
Expiring session 0x14f05578bd8001a, timeout of 1500ms exceeded

Notification time out: 3200
Notification time out: 60000

Client environment:os.name=Linux

Client environment:user.dir=/home/alice

Client environment:java.version=1.7.0_79

Interrupted while waiting for message on queue

Send worker leaving thread

Found block rdd_2_0 locally
Found block rdd_11_39 locally

Running task 0.0 in stage 0.0 (TID 0)
Running task 12.1 in stage 7.0 (TID 310)

Finished task 0.0 in stage 0.0 (TID 0). 2703 bytes result sent to driver
Finished task 1.0 in stage 12.0 (TID 77). 2 bytes result sent to driver

Block broadcast_0 stored as values in memory (estimated size 384.0 B, free 317.5 KB)
Block broadcast_12_piece0 stored as values in memory (estimated size 1.2 MB, free 3.5 GB)

Block broadcast_0 stored as bytes in memory (estimated size 384.0 B, free 317.5 KB)
Block rdd_42_1 stored as bytes in memory (estimated size 16.0 B, free 17 KB)

Partition rdd_0_0 not found, computing it
Partition rdd_19_2 not found, computing it

Input split: hdfs://192.0.2.19:9000/logs/a.log:21876+7292
Input split: hdfs://192.0.2.19:9000/logs/b.log:0+729

Reading broadcast variable 0 took 160 ms
Reading broadcast variable 17 took 1 ms

Times: total = 40, boot = -4, init = 43, finish = 1
Times: total = 140, boot = 14, init = 3, finish = 11

Changing view acls to: yarn,alice
Changing view acls to: yarn,bob

Changing modify acls to: yarn,alice
Changing modify acls to: yarn,bob

[instance: b9000564-fe1a-409b-b8cc-1e88b294cd1d] VM Started (Lifecycle Event)
[instance: c9000564-fe1a-409b-b8cc-1e88b294cd1d] VM Started (Lifecycle Event)

[instance: b9000564-fe1a-409b-b8cc-1e88b294cd1d] VM Paused (Lifecycle Event)
[instance: b9000564-fe1a-409b-b8cc-1e88b294cd1e] VM Paused (Lifecycle Event)

[instance: b9000564-fe1a-409b-b8cc-1e88b294cd1d] Took 20.58 seconds to build instance.
[instance: c9000564-fe1a-409b-b8cc-1e88b294cd1d] Took 1.08 seconds to build instance.

[instance: b9000564-fe1a-409b-b8cc-1e88b294cd1d] Took 20.58 seconds to spawn the instance on the hypervisor.
[instance: c9000564-fe1a-409b-b8cc-1e88b294cd1d] Took 9 seconds to spawn the instance on the hypervisor.

192.0.2.1 "GET /v2/54fadb412c4e40cdbaed9335e4c35a9e/servers/detail HTTP/1.1" status: 200 len: 1893 time: 0.2477829
192.0.2.1 "GET /v2/54fadb412c4e40cdbaed9335e4c35a9f/servers/detail HTTP/1.1" status: 404 len: 93 time: 0.24

192.0.2.1 "POST /v2/e9746973ac574c6b8a9e8857f56a7608/os-server-external-events HTTP/1.1" status: 200 len: 380 time: 0.0908742

image 0673dd71-34c5-4fbb-86c4-40623fbe45b4 at (/var/lib/nova/instances/_base/a489c868f0c37da93b76227c91bb03908ac0e742): checking
image 1673dd71-34c5-4fbb-86c4-40623fbe45b4 at (/var/lib/nova/instances/_base/b489c868f0c37da93b76227c91bb03908ac0e742): checking

Creating event network-vif-plugged:bbe8a2a1-5ea5-4f4c-8c46-c7a3b8a9a2f5 for instance b9000564-fe1a-409b-b8cc-1e88b294cd1d
Creating event network-vif-plugged:cbe8a2a1-5ea5-4f4c-8c46-c7a3b8a9a2f5 for instance b9000564-fe1a-409b-b8cc-1e88b294cd1e

CE sym 2, at 0x0b85eee0, mask 0x05
CE sym 20, at 0x1438f9e0, mask 0x40

instruction cache parity error corrected

generating core.2275
generating core.862

iar 003a90fc dear 00d0ddfc
iar 00106570 dear 0245a308

ciod: failed to read message prefix on control stream (CioStream socket to 192.0.2.96:33569
ciod: failed to read message prefix on control stream (CioStream socket to 192.0.2.97:1

ciod: Error loading /g/g24/alice/prog/main: invalid or missing program image, No such file or directory
ciod: Error loading /g/g9/bob/other_prog: invalid or missing program image, No such file or directory

total of 1 ddr error(s) detected and corrected on rank 0, symbol 10, bit 2 over 1234 seconds
total of 14 ddr error(s) detected and corrected on rank 1, symbol 7, bit 0 over 1 second

fpr29=0xffffffff ffffffff ffffffff ffffffff
fpr3=0x00000000 deadbeef 00000001 12345678

rts: kernel terminated for reason 1004
rts: kernel terminated for reason 1001

acquire lock=23310, flags=0x1, tag="View Lock", name=com.android.systemui, ws=null, uid=10037, pid=2227
acquire lock=1661, flags=0x1, tag="RILJ", name=com.android.phone, ws=null, uid=1001, pid=2626
acquire lock=233, flags=0x1, tag="*launch*", name=android, ws=WorkSource{10113}, uid=1000, pid=1
acquire lock=34, flags=0x1, tag="WindowManager", name=android, ws=WorkSource{10113}, uid=1000, pid=1
acquire lock=34, flags=0x1, tag="X", name=android, ws=null, uid=1000, pid=1

release lock=23310, flg=0x0, tag="View Lock", name=com.android.systemui, ws=null, uid=10037, pid=2227
release lock=2, flg=0x0, tag="RILJ", name=com.android.systemui, ws=null, uid=10037, pid=2227

getRunningAppProcesses: caller 10113 does not hold REAL_GET_TASKS; limiting output
getRunningAppProcesses: caller 10111 does not hold REAL_GET_TASKS; limiting output

onStandStepChanged 3579
onStandStepChanged 3580

onExtend:1514038530000 14 0 4
onExtend:1514038530001 15 1 14

setTodayTotalDetailSteps=1514038440000##6993##548365##8661##12361##27173954
setTodayTotalDetailSteps=1514038440001##7000##54836##8661##12361##27174

processHandleBroadcastAction action:android.intent.action.SCREEN_ON
processHandleBroadcastAction action:android.intent.action.TIME_TICK

ARPT: 620701.011328: wl0: wl_update_tcpkeep_seq: Original Seq: 3092633573, Ack: 2572586898, Win size: 4096
ARPT: 620702.1: wl0: wl_update_tcpkeep_seq: Original Seq: 309, Ack: 25, Win size: 96

en0: channel changed to 1
en0: channel changed to 132,+1

com.apple.cts[258]: com.example.DailyJob: scheduler_evaluate_activity told me to run this job; however, but the start time isn't for 439034 seconds.  Ignoring.
com.apple.cts[43]: com.example.OtherJob: scheduler_evaluate_activity told me to run this job; however, but the start time isn't for 4 seconds.  Ignoring.

SQM: Failed to start upload with file pattern: C:\Windows\servicing\sqm\*_std.sqm, flags: 0x2 [HRESULT = 0x80004005 - E_FAIL]
SQM: Failed to start upload with file pattern: C:\Windows\servicing\sqm\*_all.sqm, flags: 0x6 [HRESULT = 0x80004005 - E_FAIL]

Session: 30546174_77175765 initialized by client WindowsUpdateAgent.
Session: 30546354_2185766 initialized by client WindowsUpdateAgent.

Loaded Servicing Stack v6.1.7601.23505 with Core: C:\Windows\winsxs\amd64_microsoft-windows-servicingstack_31bf3856ad364e35_6.1.7601.23505_none_681aa442f6fed7f0\cbscore.dll
Loaded Servicing Stack v6.1.7601.17514 with Core: C:\Windows\winsxs\amd64_x_31bf3856ad364e35_6.1.7601.17514_none_681aa442f6fed7f1\cbscore.dll

Read out cached package applicability for package: Package_for_KB3020369~31bf3856ad364e35~amd64~~6.1.1.1, ApplicableState: 112, CurrentState:112
Read out cached package applicability for package: Package_4_for_KB2999226~31bf3856ad364e35~amd64~~6.1.1.7, ApplicableState: 80, CurrentState:0

00000001@2016/9/27:16:30:59.865 CSI Transaction @0x47e9610 initialized
0000000a@2016/9/28:16:30:59.1 CSI Transaction @0x47e9d0 initialized

Warning: Unrecognized packageExtended attribute.

(root) CMD (run-parts /etc/cron.hourly)

data_thread() got not answer from any [Cluster_A8] datasource
data_thread() got not answer from any [Cluster_B5] datasource

Link is Up - 1Gbps/Full - flow control rx/tx

device eth0 entered promiscuous mode
device veth1a2b3c4 entered promiscuous mode
device br-5f2c1d9e8a7b entered promiscuous mode

Started Session 12 of user alice.
Started Session 13 of user bob.
Started Session 15 of user carol.

Started Daily apt download activities.

Out of memory: Killed process 1234 (python3) total-vm:1234kB, anon-rss:5678kB, file-rss:0kB, shmem-rss:0kB, UID:1000 pgtables:100kB oom_score_adj:0
Out of memory: Killed process 8 (postgres) total-vm:99kB, anon-rss:5kB, file-rss:1kB, shmem-rss:0kB, UID:0 pgtables:1kB oom_score_adj:-17
Out of memory: Killed process 7 (gunicorn) total-vm:99kB, anon-rss:5kB, file-rss:1kB, shmem-rss:0kB, UID:0 pgtables:1kB oom_score_adj:-17

LOG C-0x55d0c8b0: app/alice@192.0.2.4:5000 login attempt: db=app user=alice tls=no
LOG C-0x55d0c8c8: app/bob@unix(123):6432 login attempt: db=app user=bob tls=no
LOG C-0x55d0c8b0: app/dave@192.0.2.4:5000 login attempt: db=app user=dave tls=no
LOG C-0x55d0c8b0: app/eve@192.0.2.4:5000 login attempt: db=app user=eve tls=no
LOG C-0x55d0c8b0: app/frank@192.0.2.4:5000 login attempt: db=app user=frank tls=no
LOG C-0x55d0c8b0: app/grace@192.0.2.4:5000 login attempt: db=app user=grace tls=no

Worker (pid:17) was sent SIGKILL! Perhaps out of memory?
Worker (pid:1700) was sent SIGKILL! Perhaps out of memory?

duration: 1203.442 ms  statement: SELECT * FROM games WHERE id IN (1, 2, 3)
duration: 203.4 ms  statement: SELECT * FROM games WHERE id IN (17)

Client environment:zookeeper.version=3.4.5--1, built on 06/10/2013 17:26 GMT

Client environment:host.name=node-1

Client environment:java.vendor=Oracle Corporation

Client environment:java.home=/usr/lib/jvm/java-7-openjdk-amd64/jre

Client environment:java.io.tmpdir=/tmp

Client environment:java.compiler=<NA>

Client environment:os.arch=amd64

Client environment:os.version=3.13.0-33-generic

Client environment:user.name=alice

Client environment:user.home=/home/alice

ready=true,policy=3,wakefulness=1,wksummary=0x1,uasummary=0x1,bootcompleted=true,boostinprogress=false,auto=-1,adj=0.0userId=0
ready=true,policy=3,wakefulness=1,wksummary=0x23,uasummary=0x1,bootcompleted=true,boostinprogress=true,auto=-1,adj=0.0userId=0

setSystemUIVisibility vis=0 mask=1 oldVal=40000500 newVal=40000500 diff=0 fullscreenStackVis=0 fullscreenStackBounds=Rect(0, 0 - 0, 0)
setSystemUIVisibility vis=40000500 mask=ffffffff oldVal=0 newVal=e0000500 diff=a0000500 fullscreenStackVis=0 fullscreenStackBounds=Rect(0, 0 - 1080, 1920)

interceptKeyTq keycode=26 interactive=true keyguardActive=false policyFlags=2000000
interceptKeyTq keycode=24 interactive=false keyguardActive=true policyFlags=2000000

Skipping AppWindowToken{df0798e token=Token{78af589 ActivityRecord{3b04890 u0 com.example.app/com.example.video.PlayerActivity t761}}} -- going to hide
Skipping AppWindowToken{1f07980 token=Token{a8af5890 ActivityRecord{3b048a0 u0 com.example.app/.MainActivity t7}}} -- going to hide

moveTaskToFront: moving taskId=741
moveTaskToFront: moving taskId=7

auxiliary processor.........................0
auxiliary processor.........................1

byte ordering exception.....................0

program interrupt: illegal instruction......0

program interrupt: privileged instruction...0

machine state register: 0x00003000
machine state register: 0x0002f900

Kill job 97404 timed out. Block freed.
Kill job 9 timed out. Block freed.

ciod: LOGIN chdir(/p/gb1/alice/RUN/2183) failed: Input/output error
ciod: LOGIN chdir(/home/bob/x) failed: Input/output error

ciod: LOGIN chdir(/home/bob/x) failed: No such file or directory

MidplaneSwitchController performing bit sparing on R30-M0-L1-U18-A bit 9
MidplaneSwitchController performing bit sparing on R6-M1-L3-U3-C bit 1

DHCPDISCOVER from 00:11:43:e3:ba:c3 via eth1
DHCPDISCOVER from 00:11:43:e3:ba:c4 via eth0

DHCPDISCOVER from 00:11:43:e3:ba:c3 via eth1: network A_net: no free leases

synchronized to 192.0.2.250, stratum 3
synchronized to 192.0.2.251, stratum 2

Accepted publickey for root from ::ffff:192.0.2.51 port 33440 ssh2
Accepted publickey for root from 192.0.2.51 port 33441 ssh2

CSI Store 4991456 (0x00000000004c29e0) initialized
CSI Store 49 (0x0000000000000fe0) initialized

Creating NT transaction (seq 1), objectname [6]"(null)"
Creating NT transaction (seq 12), objectname [6]"(null)"

Created NT transaction (seq 1) result 0x00000000, handle @0x214
Created NT transaction (seq 12) result 0x00000000, handle @0x21c

Starting TrustedInstaller initialization.

Starting TrustedInstaller finalization.

Ending TrustedInstaller initialization.

Failed to internally open package. [HRESULT = 0x800f0805 - CBS_E_INVALID_PACKAGE]
Failed to internally open package. [HRESULT = 0x800f0806 - CBS_E_INVALID_PACKAGE]

tcp_connection_tls_session_error_callback_imp 1977 __tcp_connection_tls_session_callback_write_block_invoke.434 error 22
tcp_connection_tls_session_error_callback_imp 1978 __tcp_connection_tls_session_callback_write_block_invoke.434 error 32

AirPort: Link Down on awdl0. Reason 1 (Unspecified).
AirPort: Link Down on awdl0. Reason 8 (Unspecified).

AirPort: Link Up on awdl0
AirPort: Link Up on en0
AirPort: Link Up on wlan0
AirPort: Link Up on eth0
AirPort: Link Up on wl0
AirPort: Link Up on ath0
AirPort: Link Up on br0
AirPort: Link Up on tun0
AirPort: Link Up on tap0

PM response took 1999 ms (54, powerd)
PM response took 28 ms (142, powerd)

getTodayTotalDetailSteps = 1514038440000##6993##548365##8661##12266##27164404
getTodayTotalDetailSteps = 1514038440007##7##548##8661##12266##27164404

calculateCaloriesWithCache totalCalories=126775
calculateCaloriesWithCache totalCalories=5

calculateAltitudeWithCache totalAltitude=240

REPORT : 7028 5002 150089 240
REPORT : 7 5 15 2400

Instance destroyed successfully.

During sync_power_state the instance has a pending task (spawning). Skip.

memory limit: 96258.00 MB, free: 95746.00 MB
memory limit: 96258.00 MB, free: 9.5 GB

disk limit not specified, defaulting to unlimited

vcpu limit not specified, defaulting to unlimited

Active base files: /var/lib/nova/instances/_base/a489c868f0c37da93b76227c91bb03908ac0e742
Active base files: /var/lib/nova/instances/_base/b489c868f0c37da93b76227c91bb03908ac0e742 /var/lib/nova/instances/_base/c489c868f0c37da93b76227c91bb03908ac0e742

Slow request detected: GET /api/games/17 took 1203.5ms
Slow request detected: GET /api/users/5/games took 2.1s

Slow request detected: POST /api/games took 1203.5ms

SLOW_QUERY: 1.23s - SELECT * FROM games WHERE id = 5 AND name = 'x'
SLOW_QUERY: 12.3s - SELECT * FROM games WHERE id = 123 AND name = 'it''s'

Notification 5 delivered to noa
Notification 6 delivered to dan
Notification 7 delivered to alice
Notification 8 delivered to bob
Notification 9 delivered to eve
Notification 10 delivered to carol
Notification 11 delivered to frank
Notification 12 delivered to grace
Notification 13 delivered to heidi

המשתמש רות הצטרף למשחק 5 בתור שחקן
המשתמש דן הצטרף למשחק 17 בתור שחקן
המשתמש נועה הצטרף למשחק 5 בתור שחקן
`

func TestLinesOfOneMessageHaveOneTemplateAndOthersAnother(t *testing.T) {
	groups := strings.Split(strings.TrimSpace(shapes), "\n\n")
	for seed := range uint64(5) {
		tree := New(DefaultMaxClusters)
		lines := strings.FieldsFunc(shapes, func(r rune) bool { return r == '\n' })
		if seed > 0 { // any order will do
			rand.New(rand.NewPCG(seed, 0)).Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
		}
		for _, line := range lines {
			tree.Learn([]byte(line))
		}
		owner := map[string]string{}
		for _, group := range groups {
			var first string
			for i, line := range strings.Split(group, "\n") {
				template, _ := tree.Match([]byte(line))
				if i == 0 {
					first = template
				}
				if template != first {
					t.Errorf("order %d: two templates:\n\t%s\n\t%s", seed, first, template)
				}
			}
			if other, taken := owner[first]; taken {
				t.Errorf("order %d: one template %s for\n%s\n%s", seed, first, other, group)
			}
			owner[first] = group
		}
	}
}
