import { mkdirSync } from "node:fs";
import { openBrowser } from "./browser.mjs";
const base="http://127.0.0.1:7790/", out="/tmp/u-perf/shots"; mkdirSync(out,{recursive:true});
const { context, close } = await openBrowser("/usr/bin/chromium");
const page = context.pages()[0];
await page.goto(base); await page.getByLabel("User").fill("admin"); await page.getByLabel("Password").fill("a-password-for-tests"); await page.getByRole("button",{name:"Log in"}).click(); await page.getByRole("navigation",{name:"Views"}).first().waitFor();
for (const [n,q,w,s] of [["light","",1280,"light"],["dark","&q=game",1280,"dark"],["wrap","&wrap=1",1280,"light"],["cols","&col=json.path&col=json.correlation_id",1280,"dark"],["380","",380,"light"],["380wrap","&wrap=1",380,"dark"]]) {
  await page.setViewportSize({width:w,height:800}); await page.emulateMedia({colorScheme:s,reducedMotion:"reduce"});
  await page.goto(base+"lines?job=look"+q); await page.locator("[data-line]").first().waitFor(); await page.waitForTimeout(700);
  if(n==="light"){await page.locator("[data-line]").nth(3).locator("[data-field=service]").hover({position:{x:20,y:8}}); await page.keyboard.press("j");await page.keyboard.press("j");}
  if(n==="cols"){await page.locator("[data-line]").nth(2).click();await page.waitForTimeout(500);}
  await page.screenshot({path:`${out}/${n}.png`});
}
console.log(await page.evaluate(()=>document.querySelector("[data-line]").outerHTML));
await close();
