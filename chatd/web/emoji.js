// Emoji by the names that people know them by. A name that is not here stays as it was written.

const LISTED = `
smile=😄 smiley=😃 grin=😁 grinning=😀 laughing=😆 joy=😂 rofl=🤣 sweat_smile=😅 blush=😊 innocent=😇
slight_smile=🙂 upside_down=🙃 wink=😉 heart_eyes=😍 yum=😋 stuck_out_tongue=😛 raised_eyebrow=🤨
nerd=🤓 sunglasses=😎 partying=🥳 smirk=😏 disappointed=😞 confused=😕 pleading=🥺 cry=😢 sob=😭 angry=😠
rage=😡 cursing=🤬 exploding_head=🤯 scream=😱 hugging=🤗 thinking=🤔 neutral=😐 rolling_eyes=🙄
sleeping=😴 mask=😷 clown=🤡 ghost=👻 skull=💀 robot=🤖 poop=💩 wave=👋 ok_hand=👌 v=✌️
crossed_fingers=🤞 point_up=☝️ point_down=👇 +1=👍 thumbsup=👍 -1=👎 thumbsdown=👎 fist=✊ punch=👊
clap=👏 raised_hands=🙌 handshake=🤝 pray=🙏 muscle=💪 brain=🧠 eyes=👀 shrug=🤷 facepalm=🤦 bow=🙇
raising_hand=🙋 technologist=🧑‍💻 heart=❤️ green_heart=💚 blue_heart=💙 purple_heart=💜
broken_heart=💔 100=💯 boom=💥 speech=💬 zzz=💤 dog=🐶 cat=🐱 fox=🦊 bear=🐻 panda=🐼 frog=🐸
see_no_evil=🙈 penguin=🐧 owl=🦉 bee=🐝 bug=🐛 snail=🐌 turtle=🐢 octopus=🐙 whale=🐳 dolphin=🐬
unicorn=🦄 t-rex=🦖 cactus=🌵 tree=🌳 seedling=🌱 clover=🍀 rose=🌹 earth=🌍 moon=🌙 sun=☀️ cloud=☁️
rain=🌧️ snow=❄️ zap=⚡ fire=🔥 rainbow=🌈 star=⭐ sparkles=✨ apple=🍎 lemon=🍋 banana=🍌 strawberry=🍓
croissant=🥐 cheese=🧀 burger=🍔 fries=🍟 pizza=🍕 sushi=🍣 rice=🍚 popcorn=🍿 cookie=🍪 cake=🍰
birthday=🎂 chocolate=🍫 coffee=☕ tea=🍵 beer=🍺 beers=🍻 wine=🍷 clinking=🥂 tada=🎉 balloon=🎈 gift=🎁
trophy=🏆 first=🥇 soccer=⚽ dart=🎯 dice=🎲 game=🎮 art=🎨 guitar=🎸 headphones=🎧 camera=📷 bike=🚲
car=🚗 train=🚆 plane=✈️ rocket=🚀 anchor=⚓ construction=🚧 traffic_light=🚦 house=🏠 office=🏢
beach=🏖️ watch=⌚ alarm=⏰ hourglass=⏳ phone=☎️ computer=💻 keyboard=⌨️ plug=🔌 bulb=💡 wrench=🔧
hammer=🔨 tools=🛠️ gear=⚙️ link=🔗 microscope=🔬 satellite=📡 syringe=💉 lock=🔒 unlock=🔓 broom=🧹
shield=🛡️ bomb=💣 money=💰 chart=📈 bar_chart=📊 pin=📌 file=📁 folder=📂 package=📦 email=📧 book=📖
memo=📝 pencil=✏️ calendar=📅 bell=🔔 no_bell=🔕 mega=📣 mag=🔍 wastebasket=🗑️ white_check_mark=✅
check=✔️ x=❌ no_entry=⛔ prohibited=🚫 warning=⚠️ question=❓ exclamation=❗ recycle=♻️ arrow_up=⬆️
arrow_down=⬇️ repeat=🔁 new=🆕 ok=🆗 cool=🆒 sos=🆘 red_circle=🔴 green_circle=🟢 blue_circle=🔵
checkered_flag=🏁
`;

/** Name -> character. */
export const EMOJI = new Map(
  LISTED.trim().split(/\s+/).map((pair) => pair.split("=")),
);

/** The first that a picker shows. */
export const USUAL = [
  ..."👍 ❤️ 😂 🎉 👀 🙏 ✅ 🚀 😄 🙂 😉 😍 🤔 😅 😢 😮 🔥 💯 👏 🙌 💪 🤝 👋 👎 ☕ 🍰 🐛 💡 ⚠️ ❌".split(" "),
];

/** Those whose name begins so, then those whose name holds it. */
export function emojiLike(start, most) {
  const names = [...EMOJI.keys()];
  const first = names.filter((name) => name.startsWith(start));
  const later = names.filter((name) => !name.startsWith(start) && name.includes(start));
  return [...first, ...later].slice(0, most).map((name) => [name, EMOJI.get(name)]);
}
